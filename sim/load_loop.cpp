#include "sim/load_loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/epoll.h>

namespace troupe::sim {

/// Owns itself: gone when its story has ended.
struct load_loop::root {
  struct promise_type {
    root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); } // `live` catches all
  };
  std::coroutine_handle<> handle;
};

load_loop::load_loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_)
    throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

load_loop::root load_loop::live(task<> story) {
  try {
    co_await story;
  } catch (...) {
    failure_ = std::current_exception();
  }
  --living_;
}

void load_loop::spawn(task<> story) {
  ++living_;
  ready_.push_back(live(std::move(story)).handle);
}

void load_loop::rest::await_suspend(std::coroutine_handle<> who) {
  loop.set_alarm(until, [&to = loop, who] { to.resume_soon(who); });
}

void load_loop::wake_all() {
  awake_ = true;
  for (auto& [when, then] : std::exchange(alarms_, {}))
    then();
}

load_loop::timer load_loop::set_timer(time_point when, std::function<void()> then) {
  return timers_.emplace(when, std::move(then));
}

load_loop::timer load_loop::set_alarm(time_point when, std::function<void()> then) {
  return alarms_.emplace(when, std::move(then));
}

void load_loop::watch(int fd, uint32_t events, listener& whom) {
  const auto index = static_cast<size_t>(fd);
  if (index >= listeners_.size())
    listeners_.resize(std::max(index + 1, listeners_.size() * 2));
  epoll_event event{.events = events, .data = {.fd = fd}};
  const bool known = std::exchange(listeners_[index], &whom) != nullptr;
  // A descriptor that was closed and opened anew is not known to the kernel any more.
  if (epoll_ctl(epoll_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0
      && epoll_ctl(epoll_.get(), known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void load_loop::unwatch(int fd) {
  const auto index = static_cast<size_t>(fd);
  if (index < listeners_.size() && std::exchange(listeners_[index], nullptr) != nullptr)
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); // no longer known when it was closed
}

load_loop::clock::duration load_loop::take_lag() {
  return std::exchange(lag_, {});
}

void load_loop::resume_ready() {
  while (!ready_.empty() && !failure_) {
    const auto next = ready_.front();
    ready_.pop_front();
    next.resume();
  }
}

/// What is due. A timer may set and cancel others.
void load_loop::fire(std::multimap<time_point, std::function<void()>>& of) {
  if (!of.empty())
    lag_ = std::max(lag_, now_ - of.begin()->first);
  while (!of.empty() && of.begin()->first <= now_) {
    const auto due = of.extract(of.begin());
    due.mapped()();
  }
}

void load_loop::wait_for_events() {
  constexpr std::chrono::milliseconds longest{1000};
  auto until = clock::now() + longest;
  if (!timers_.empty())
    until = std::min(until, timers_.begin()->first);
  if (!alarms_.empty())
    until = std::min(until, alarms_.begin()->first);
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
  std::array<epoll_event, 512> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                               static_cast<int>(std::max<int64_t>(0, wait.count())));
  if (count < 0 && errno != EINTR)
    throw std::system_error(errno, std::generic_category(), "epoll_wait");
  now_ = clock::now();
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<size_t>(i)];
    if (auto* whom = listeners_[static_cast<size_t>(event.data.fd)])
      whom->on_ready(event.data.fd, event.events);
  }
}

void load_loop::run() {
  while (true) {
    resume_ready();
    if (failure_)
      std::rethrow_exception(std::exchange(failure_, nullptr));
    if (living_ == 0)
      return;
    wait_for_events();
    now_ = clock::now();
    fire(timers_);
    fire(alarms_);
  }
}

} // namespace troupe::sim
