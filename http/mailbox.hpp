#pragma once
// How answers from any thread reach the event loop: a list under a mutex and an eventfd, written
// only when the list was empty and the loop may sleep. Shared by the loop and every open reply, so
// that a reply may outlive the loop: after `close`, what is posted is dropped.

#include "http/fd.hpp"
#include "http/wire.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe::http {

/// Which connection: a slot is used again, its generation never.
struct connection_id {
  uint32_t slot = 0;
  uint32_t generation = 0;
};

/// What the writer of a stream and the loop tell each other.
struct stream_flow {
  std::atomic<size_t> posted = 0;  ///< bytes written that the loop has not taken
  std::atomic<size_t> held = 0;    ///< bytes that the loop holds and the socket has not taken
  std::atomic<bool> ended = false; ///< by the loop: it drains
};

struct posted_answer {
  enum class kind {
    whole,
    open,  ///< a stream's head; `flow` is its
    piece, ///< of a stream, in the answer's body
    end,   ///< of a stream
    cut,   ///< a stream's reader is too slow: the connection is to be broken
    abort, ///< no answer: likewise
  };

  connection_id to;
  uint64_t sequence = 0; ///< of the request on its connection
  kind what = kind::whole;
  wire_answer answer = {};
  std::shared_ptr<stream_flow> flow = {};
};

class mailbox {
public:
  /// Throws `std::system_error` when no eventfd can be had.
  mailbox();

  void post(posted_answer answer);
  /// Makes the loop take a turn.
  void wake();
  /// Drops what is posted from now on.
  void close();

  // For the loop alone.
  int wake_fd() const { return wake_.get(); }
  void clear_wake();
  /// Posts of the calling thread need no wake from now on: it takes before it sleeps.
  void belongs_to_this_thread() { owner_ = std::this_thread::get_id(); }
  bool empty();
  /// Swaps all that was posted into `into`, which must be empty.
  void take(std::vector<posted_answer>& into);

private:
  fd wake_;
  std::atomic<std::thread::id> owner_{};
  std::mutex mutex_;
  bool closed_ = false;
  std::vector<posted_answer> posted_;
};

} // namespace troupe::http
