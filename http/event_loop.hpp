#pragma once
// The loop that serves all connections of one front on one thread: accepting, reading, handing
// whole requests to a service, writing answers in order, and the deadlines. Sockets are registered
// once, edge-triggered, and addressed by slot and generation, so that a late event or answer never
// meets the wrong connection. A connection does a bounded amount of work a turn.

#include "http/connection.hpp"
#include "http/front.hpp"

#include <array>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe::http {

/// Where a request came from and its answer goes.
struct request_origin {
  connection_id from;
  uint64_t sequence = 0;
  std::string remote_address;
  std::shared_ptr<const std::atomic<bool>> gone;
};

/// What the loop serves with. Called on the loop's thread only; must not block.
class service {
public:
  service() = default;
  service(const service&) = delete;
  service& operator=(const service&) = delete;
  virtual ~service() = default;

  /// Looks at a head before its body is read.
  virtual std::optional<refusal> check(const request_head& head) = 0;
  /// Serves one request; its answer is posted to the mailbox, now or later, from any thread. The
  /// result is the route's pattern, which must outlive the loop.
  virtual std::string_view serve(framed_request request, request_origin origin) = 0;
  virtual void answered(const access& what) = 0;
  /// A stream's connection was broken, because its reader was too slow.
  virtual void cut_off() = 0;
};

class event_loop {
public:
  event_loop(const front_options& options, fd listener, std::shared_ptr<mailbox> box,
             service& with);

  /// Serves until `stop`, then closes everything.
  void run();

  // From other threads. The waits end at once when the loop has ended.
  void stop();
  void stop_accepting();
  bool drain(std::chrono::milliseconds limit);
  size_t connections() const { return count_.load(); }

private:
  using list = std::list<connection>;
  using state = connection::state;

  /// What the listener is watched under.
  static constexpr uint64_t listener_key = UINT64_MAX;

  struct slot {
    list::iterator at;
    uint32_t generation = 0;
    bool used = false;
  };

  // event_loop.cpp: turns and what begins in them
  void turn();
  int wait_time() const;
  void on_event(uint64_t key, uint32_t what);
  void watch(int fd, uint32_t what, uint64_t key);
  void deliver();
  void deliver(connection& c, pending_answer& one, posted_answer& posted);
  void tell_answered(const pending_answer& one);
  void open_stream(connection& c, pending_answer& one, std::shared_ptr<stream_flow> flow);
  void end_streams();
  void advance_ready();
  void tell_waiters(bool had_events);
  void close_everything();

  // event_loop_accept.cpp: the listener
  void accept_some();
  void add(fd socket, std::string remote);
  void disarm_listener();
  void rearm_listener();
  void close_listener();

  // event_loop_serve.cpp: one connection's work
  connection* find(connection_id id);
  void enqueue(connection& c);
  void advance(connection& c);
  bool read_requests(connection& c);
  void take_head(connection& c);
  void begin(connection& c);
  void refuse(connection& c, const refusal& why);
  void write_answers(connection& c);
  void linger(connection& c);
  void settle(connection& c);
  void move_to(connection& c, state to, bool restart);
  void close(connection& c);
  void expire();
  std::optional<std::chrono::milliseconds> timeout_of(state s) const;

  const front_options& options_;
  framing_limits limits_;
  std::shared_ptr<mailbox> box_;
  service& service_;
  fd epoll_;
  fd listener_;
  std::optional<steady::time_point> rearm_at_; ///< when the listener is watched again

  std::array<list, 5> lists_; ///< by state, each in the order of `since`
  std::vector<slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<connection_id> ready_; ///< with work that needs no event
  std::vector<char> buffer_;
  std::vector<posted_answer> posted_;
  steady::time_point now_;

  std::atomic<size_t> count_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> closing_ = false; ///< stop_accepting was called
  std::atomic<bool> drains_ = false;  ///< drain was called
  std::mutex waiters_;
  std::condition_variable told_;
  bool listener_closed_ = false;
  bool drain_wanted_ = false;
  bool streams_ended_ = false; ///< and later ones end at once
  bool quiet_ = false;
  bool ended_ = false;
};

} // namespace troupe::http
