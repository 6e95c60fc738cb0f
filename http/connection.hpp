#pragma once
// One client's connection as the event loop sees it: its socket, the bytes of requests not yet
// whole, the requests begun and not answered in their order, and the bytes not yet sent. Used on
// the loop's thread only; it decides nothing about time or about other connections.

#include "http/fd.hpp"
#include "http/framing.hpp"
#include "http/mailbox.hpp"
#include "http/wire.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::http {

using steady = std::chrono::steady_clock;

/// A request that was begun, until its answer is moved to the output.
struct pending_answer {
  std::string method = {};
  std::string target = {};
  std::string_view route = {}; ///< of the router, which outlives the loop
  steady::time_point begun;
  bool keep_alive = true;
  bool http_1_0 = false;
  bool interim = false; ///< 100 Continue
  bool ready = false;   ///< the answer is whole
  wire_answer answer = {};
  std::shared_ptr<stream_flow> flow = {}; ///< of a stream, from its head on
  bool head_moved = false;                ///< to the output

  bool streams() const { return flow != nullptr; }
  /// Adds a piece to a stream's body, framed as the client's version of HTTP does.
  void add_piece(std::string_view bytes);
  /// Nothing follows.
  void end_stream();
};

class connection {
public:
  /// What it waits for, each with its own deadline.
  enum class state { idle, reading, waiting, writing, lingering };

  connection(fd socket, connection_id id, std::string remote, const framing_limits& limits);

  enum class io {
    moved,   ///< some bytes went
    blocked, ///< the socket has no more, or takes no more, for now
    ended,   ///< the client has closed its sending half
    broken,  ///< the connection is dead
  };

  /// One read into the framer, through `buffer`.
  io fill(std::span<char> buffer);
  /// One read that nobody looks at.
  io discard(std::span<char> buffer);
  /// Sends as much of the output as the socket takes.
  io flush();

  /// Queues a request's place among the answers; the result is its sequence number.
  uint64_t add(pending_answer one);
  /// The unanswered request of that number, or null.
  pending_answer* find(uint64_t sequence);
  /// Moves the answers that are due to the output, a stream's as far as it has come. With `closing`
  /// the last one ends the connection.
  void collect(bool closing);
  /// Tells the writers of streams how much is unsent.
  void tell_flows() const;
  /// One of the open requests is answered by a stream.
  bool streams() const;

  /// The framer's whole request may be handed to its handler.
  bool may_begin(size_t max_pending, size_t max_unsent) const;
  /// All is said: no request will be read, none is open, nothing is unsent.
  bool finished() const { return input_ended && pending.empty() && unsent() == 0; }
  size_t unsent() const { return out_.size() - out_at_; }
  state due_state() const;

  fd socket;
  connection_id id;
  std::string remote;
  framer input;
  std::vector<pending_answer> pending;
  /// Read by replies on any thread.
  std::shared_ptr<std::atomic<bool>> gone = std::make_shared<std::atomic<bool>>(false);

  state at = state::idle;
  steady::time_point since; ///< when it came into `at`
  size_t sent_since = 0;    ///< bytes sent since then
  bool readable = false;
  bool writable = true;
  bool hung_up = false;     ///< the client closed its sending half: read on until the end shows
  bool input_ended = false; ///< no further request will be read
  bool peer_closed = false; ///< the end of the client's bytes was read
  bool queued = false;      ///< in the loop's list of connections with work
  bool fresh = false;       ///< a request was begun since the state was last judged

private:
  void move_head(pending_answer& one, bool last);
  io receive(std::span<char> buffer, size_t& count);

  uint64_t first_sequence_ = 0; ///< of pending.front()
  std::string out_;
  size_t out_at_ = 0;
};

/// The method promises to change nothing (RFC 9110, 9.2.1).
bool is_safe(std::string_view method);

} // namespace troupe::http
