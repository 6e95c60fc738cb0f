#pragma once
// The event loop that all customers live on: one thread, epoll, timers, and coroutines that wait
// for either. It knows how late it comes to what is due, so that the simulation can tell when it is
// itself the bottleneck. Nothing here may be called from another thread.

#include "http/fd.hpp"
#include "sim/task.hpp"

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <vector>

namespace troupe::sim {

class load_loop {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  /// Whoever is told of a socket's readiness. Must be unwatched before it is gone.
  class listener {
  public:
    listener() = default;
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;
    virtual ~listener() = default;

    virtual void on_ready(int fd, uint32_t events) = 0;
  };

  /// A timer or an alarm that has been set; ended by its time, or cancelled.
  using timer = std::multimap<time_point, std::function<void()>>::iterator;

  /// Throws `std::system_error`.
  load_loop();
  load_loop(const load_loop&) = delete;
  load_loop& operator=(const load_loop&) = delete;

  /// Begins `story` at the next turn; it is kept until it has ended.
  void spawn(task<> story);
  size_t living() const { return living_; }

  /// Until every story has ended. Throws what a story threw, at once.
  void run();

  /// The time of this turn.
  time_point now() const { return now_; }

  struct [[nodiscard]] rest {
    load_loop& loop;
    time_point until;
    bool await_ready() const { return loop.awake_; }
    void await_suspend(std::coroutine_handle<> who);
    void await_resume() const noexcept {}
  };
  /// Until `then`, or until somebody wakes all.
  rest sleep_until(time_point then) { return {*this, then}; }

  /// Ends all sleeps; later ones do not begin. How a run ends before its customers do.
  void wake_all();
  /// Sleeps begin again: for what is done after the customers have left.
  void allow_sleep() { awake_ = false; }
  bool awake() const { return awake_; }

  timer set_timer(time_point when, std::function<void()> then);
  void cancel_timer(timer which) { timers_.erase(which); }
  /// A timer that also goes off when all are woken; not to be set while they are.
  timer set_alarm(time_point when, std::function<void()> then);
  void cancel_alarm(timer which) { alarms_.erase(which); }
  /// Goes on with `who` within this turn.
  void resume_soon(std::coroutine_handle<> who) { ready_.push_back(who); }

  /// `events`: EPOLLIN, EPOLLOUT; again for the same socket changes them.
  void watch(int fd, uint32_t events, listener& whom);
  void unwatch(int fd);

  /// How late the loop came, at most, to what was due since this was last asked.
  clock::duration take_lag();

private:
  struct root;
  root live(task<> story);
  void resume_ready();
  void fire(std::multimap<time_point, std::function<void()>>& of);
  void wait_for_events();

  http::fd epoll_;
  std::vector<listener*> listeners_; ///< by descriptor
  std::multimap<time_point, std::function<void()>> timers_;
  std::multimap<time_point, std::function<void()>> alarms_; ///< likewise, until all are woken
  std::deque<std::coroutine_handle<>> ready_;
  std::exception_ptr failure_;
  time_point now_ = clock::now();
  clock::duration lag_{};
  size_t living_ = 0;
  bool awake_ = false;
};

} // namespace troupe::sim
