#include "http/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace troupe::http {

namespace {

constexpr uint64_t mailbox_key = UINT64_MAX - 1;
constexpr size_t read_size = 32UL * 1024;
constexpr size_t events_a_turn = 256;
// Answers given at once free the next requests of a pipeline within the same turn, this often.
constexpr int rounds_a_turn = 4;
constexpr int stream_socket_buffer = 64 * 1024;

} // namespace

event_loop::event_loop(const front_options& options, fd listener, std::shared_ptr<mailbox> box,
                       service& with)
    : options_(options),
      limits_{.max_head = options.max_head,
              .max_target = options.max_target,
              .max_body = options.max_body},
      box_(std::move(box)),
      service_(with),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      listener_(std::move(listener)),
      buffer_(read_size) {
  if (!epoll_)
    throw std::system_error(errno, std::generic_category(), "epoll_create1");
  watch(listener_.get(), EPOLLIN, listener_key);
  watch(box_->wake_fd(), EPOLLIN, mailbox_key);
}

void event_loop::watch(int fd, uint32_t what, uint64_t key) {
  epoll_event event{};
  event.events = what;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void event_loop::run() {
  box_->belongs_to_this_thread();
  while (!stop_)
    turn();
  close_everything();
}

void event_loop::turn() {
  std::array<epoll_event, events_a_turn> events{};
  const int n = ::epoll_wait(epoll_.get(), events.data(), events_a_turn, wait_time());
  now_ = steady::now();
  const bool drains = drains_; // what was posted before it is still delivered
  bool had_events = false;
  for (int i = 0; i < n; ++i) {
    const auto& event = events.at(static_cast<size_t>(i));
    had_events |= event.data.u64 != mailbox_key;
    on_event(event.data.u64, event.events);
  }
  if (closing_ && listener_)
    close_listener();
  advance_ready();
  for (int round = 0; round < rounds_a_turn; ++round) {
    box_->take(posted_);
    if (posted_.empty())
      break;
    deliver();
    advance_ready();
  }
  if (drains && !std::exchange(streams_ended_, true))
    end_streams();
  expire();
  if (rearm_at_ && now_ >= *rearm_at_)
    rearm_listener();
  tell_waiters(had_events);
}

/// Milliseconds until something falls due; -1: nothing will.
int event_loop::wait_time() const {
  if (!ready_.empty() || !box_->empty())
    return 0;
  std::optional<steady::time_point> due = rearm_at_;
  for (size_t i = 0; i < lists_.size(); ++i) {
    const auto timeout = timeout_of(static_cast<state>(i));
    if (!timeout || lists_.at(i).empty())
      continue;
    const auto at = lists_.at(i).front().since + *timeout;
    due = due ? std::min(*due, at) : at;
  }
  if (!due)
    return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - steady::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
}

void event_loop::on_event(uint64_t key, uint32_t what) {
  if (key == listener_key)
    return accept_some();
  if (key == mailbox_key)
    return box_->clear_wake();
  auto* c = find({static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32U)});
  if (c == nullptr)
    return;
  if ((what & (EPOLLERR | EPOLLHUP)) != 0)
    return close(*c);
  if ((what & EPOLLRDHUP) != 0) {
    c->hung_up = true;
    *c->gone = true;
  }
  c->readable |= (what & (EPOLLIN | EPOLLRDHUP)) != 0;
  c->writable |= (what & EPOLLOUT) != 0;
  enqueue(*c);
}

void event_loop::deliver() {
  for (auto& posted : posted_) {
    auto* c = find(posted.to);
    if (auto* one = c == nullptr ? nullptr : c->find(posted.sequence))
      deliver(*c, *one, posted);
  }
  posted_.clear();
}

void event_loop::deliver(connection& c, pending_answer& one, posted_answer& posted) {
  switch (posted.what) {
    case posted_answer::kind::whole:
      one.ready = true;
      one.answer = std::move(posted.answer);
      tell_answered(one);
      break;
    case posted_answer::kind::open:
      one.answer = std::move(posted.answer);
      tell_answered(one);
      open_stream(c, one, std::move(posted.flow));
      break;
    case posted_answer::kind::piece:
      one.flow->posted -= posted.answer.body.size();
      one.add_piece(posted.answer.body);
      break;
    case posted_answer::kind::end:
      one.end_stream();
      break;
    case posted_answer::kind::cut:
      service_.cut_off();
      return close(c);
    case posted_answer::kind::abort:
      return close(c);
  }
  enqueue(c);
}

void event_loop::tell_answered(const pending_answer& one) {
  service_.answered(
      {.method = one.method,
       .route = one.route,
       .target = one.target,
       .status = one.answer.status,
       .took = std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - one.begun)});
}

void event_loop::open_stream(connection& c, pending_answer& one,
                             std::shared_ptr<stream_flow> flow) {
  one.flow = std::move(flow);
  one.keep_alive &= !one.http_1_0; // there the body goes on until the connection ends
  // Left to itself, the kernel would hold megabytes for a client that does not read.
  const int size = stream_socket_buffer;
  ::setsockopt(c.socket.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  if (streams_ended_) {
    one.flow->ended = true;
    one.end_stream();
  }
}

/// So that a drain need not wait for clients who would read for ever.
void event_loop::end_streams() {
  for (auto& of_state : lists_)
    for (auto& c : of_state)
      for (auto& one : c.pending)
        if (one.streams() && !one.ready) {
          one.flow->ended = true;
          one.end_stream();
          enqueue(c);
        }
}

void event_loop::advance_ready() {
  const auto now_ready = std::exchange(ready_, {});
  for (const auto id : now_ready)
    if (auto* c = find(id))
      advance(*c);
}

void event_loop::tell_waiters(bool had_events) {
  const std::lock_guard lock(waiters_);
  if (!drain_wanted_)
    return;
  const auto busy = [&](state s) { return !lists_.at(static_cast<size_t>(s)).empty(); };
  if (!ready_.empty() || !box_->empty() || busy(state::waiting) || busy(state::writing)
      || busy(state::lingering))
    return;
  if (had_events)
    return box_->wake(); // More may have come behind these: only a turn without any is quiet.
  drain_wanted_ = false;
  quiet_ = true;
  told_.notify_all();
}

void event_loop::close_everything() {
  box_->close();
  listener_.reset();
  for (auto& each : lists_)
    while (!each.empty())
      close(each.front());
  const std::lock_guard lock(waiters_);
  ended_ = true;
  told_.notify_all();
}

void event_loop::stop() {
  stop_ = true;
  box_->wake();
}

void event_loop::stop_accepting() {
  closing_ = true;
  box_->wake();
  std::unique_lock lock(waiters_);
  told_.wait(lock, [&] { return listener_closed_ || ended_; });
}

bool event_loop::drain(std::chrono::milliseconds limit) {
  std::unique_lock lock(waiters_);
  quiet_ = false;
  drain_wanted_ = true;
  drains_ = true;
  box_->wake();
  return told_.wait_for(lock, limit, [&] { return quiet_ || ended_; });
}

} // namespace troupe::http
