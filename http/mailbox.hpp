#pragma once
// How answers from any thread reach the event loop: a list under a mutex and an eventfd, written
// only when the list was empty and the loop may sleep. Shared by the loop and every open reply, so
// that a reply may outlive the loop: after `close`, what is posted is dropped.

#include "http/fd.hpp"
#include "http/wire.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe::http {

/// Which connection: a slot is used again, its generation never.
struct connection_id {
  uint32_t slot = 0;
  uint32_t generation = 0;
};

struct posted_answer {
  connection_id to;
  uint64_t sequence = 0; ///< of the request on its connection
  wire_answer answer;
  bool abort = false; ///< no answer: the connection is to be broken
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
