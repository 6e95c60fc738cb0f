#include "http/event_loop.hpp"

#include "http/problem.hpp"

#include <sys/socket.h>

namespace troupe::http {

namespace {

constexpr int reads_a_turn = 4;
// A client that takes at least this much within the writing timeout is slow, not stuck.
constexpr size_t writing_progress = 16UL * 1024;

wire_answer answer_of(const refusal& why, std::string_view instance) {
  problem what{
      .status = why.status, .code = std::string(why.code), .detail = std::string(why.detail)};
  if (why.status == 503)
    what.retry_after = 1;
  return write(to_response(what, instance), {});
}

} // namespace

connection* event_loop::find(connection_id id) {
  if (id.slot >= slots_.size())
    return nullptr;
  const auto& s = slots_[id.slot];
  return s.used && s.generation == id.generation ? &*s.at : nullptr;
}

void event_loop::enqueue(connection& c) {
  if (!c.queued) {
    c.queued = true;
    ready_.push_back(c.id);
  }
}

void event_loop::advance(connection& c) {
  c.queued = false;
  if (c.at == state::lingering)
    return linger(c);
  if (c.flush() == connection::io::broken)
    return close(c);
  if (!read_requests(c))
    return close(c);
  if (c.hung_up && c.streams()) // it would not be told otherwise until the next piece
    return close(c);
  write_answers(c);
}

/// Reads and begins requests until input, room or the turn's share is used up. False: the
/// connection is broken.
bool event_loop::read_requests(connection& c) {
  int reads = 0;
  size_t begun = 0;
  while (!c.input_ended) {
    switch (c.input.next()) {
      case framer::step::more:
        if (!c.readable)
          return true;
        if (reads++ == reads_a_turn) {
          enqueue(c);
          return true;
        }
        if (c.fill(buffer_) == connection::io::broken)
          return false;
        break;
      case framer::step::head:
        take_head(c);
        break;
      case framer::step::request:
        // Begun later: an answer, or room in the output, brings the connection back.
        if (!c.may_begin(options_.max_pipelined, options_.max_write_buffer))
          return true;
        if (begun++ == options_.max_pipelined) {
          enqueue(c);
          return true;
        }
        begin(c);
        break;
      case framer::step::refused:
        refuse(c, c.input.why());
        break;
    }
  }
  return true;
}

void event_loop::take_head(connection& c) {
  const auto& head = c.input.head();
  if (const auto why = service_.check(head)) {
    refuse(c, *why);
  } else if (head.expects_continue && c.input.drained()) {
    pending_answer interim{.begun = now_};
    interim.method = "GET";
    interim.interim = true;
    interim.ready = true;
    interim.answer.head = "HTTP/1.1 100 Continue\r\n";
    c.add(std::move(interim));
  }
}

void event_loop::begin(connection& c) {
  auto whole = c.input.take();
  pending_answer one{
      .method = whole.head.method, .target = whole.head.target, .begun = steady::now()};
  one.keep_alive = whole.head.keep_alive;
  one.http_1_0 = whole.head.http_1_0;
  c.fresh = true;
  c.input_ended |= !one.keep_alive;
  const auto sequence = c.add(std::move(one));
  // The answer comes through the mailbox even when given at once, so `c` stays as it is here.
  const auto route = service_.serve(std::move(whole), {c.id, sequence, c.remote, c.gone});
  c.pending.back().route = route;
}

void event_loop::refuse(connection& c, const refusal& why) {
  c.input_ended = true;
  const auto& head = c.input.head();
  const auto instance = std::string_view(head.target).substr(0, head.target.find('?'));
  pending_answer last{.begun = now_};
  last.keep_alive = false;
  last.ready = true;
  last.answer = answer_of(why, instance);
  service_.answered({.method = head.method, .target = head.target, .status = why.status});
  c.add(std::move(last));
}

void event_loop::write_answers(connection& c) {
  c.collect(closing_);
  if (c.flush() == connection::io::broken)
    return close(c);
  c.tell_flows();
  if (c.finished())
    return c.peer_closed ? close(c) : linger(c);
  if (!c.input_ended && c.input.whole()
      && c.may_begin(options_.max_pipelined, options_.max_write_buffer))
    enqueue(c);
  settle(c);
}

/// Ends the connection so that the client gets the last answer: closing with unread input would
/// reset it. First sends our end, then discards until the client's, or the deadline.
void event_loop::linger(connection& c) {
  if (c.at != state::lingering) {
    ::shutdown(c.socket.get(), SHUT_WR);
    move_to(c, state::lingering, true);
  }
  for (int i = 0; c.readable; ++i) {
    if (i == reads_a_turn)
      return enqueue(c);
    const auto got = c.discard(buffer_);
    if (got == connection::io::ended || got == connection::io::broken)
      return close(c);
  }
}

void event_loop::settle(connection& c) {
  const auto due = c.due_state();
  const bool progressed = due == state::writing && c.sent_since >= writing_progress;
  move_to(c, due, c.fresh || progressed);
  c.fresh = false;
}

/// A state's deadline runs from its beginning: staying in it refreshes nothing unless `restart`.
void event_loop::move_to(connection& c, state to, bool restart) {
  if (c.at == to && !restart)
    return;
  auto& from = lists_.at(static_cast<size_t>(c.at));
  auto& into = lists_.at(static_cast<size_t>(to));
  into.splice(into.end(), from, slots_[c.id.slot].at);
  c.at = to;
  c.since = steady::now(); // Not the turn's time: a long turn must not use up the deadline.
  c.sent_since = 0;
}

void event_loop::close(connection& c) {
  *c.gone = true;
  for (const auto& one : c.pending)
    if (!one.ready && !one.streams())
      service_.answered({.method = one.method,
                         .route = one.route,
                         .target = one.target,
                         .status = 499,
                         .took = std::chrono::duration_cast<std::chrono::microseconds>(
                             steady::now() - one.begun)});
  auto& s = slots_[c.id.slot];
  s.used = false;
  ++s.generation;
  free_slots_.push_back(c.id.slot);
  --count_;
  lists_.at(static_cast<size_t>(c.at)).erase(s.at);
}

std::optional<std::chrono::milliseconds> event_loop::timeout_of(state s) const {
  switch (s) {
    case state::idle:
      return options_.idle_timeout;
    case state::reading:
      return options_.reading_timeout;
    case state::writing:
      return options_.writing_timeout;
    case state::lingering:
      return options_.linger_timeout;
    case state::waiting:
      break;
  }
  return std::nullopt;
}

void event_loop::expire() {
  for (size_t i = 0; i < lists_.size(); ++i) {
    const auto s = static_cast<state>(i);
    const auto timeout = timeout_of(s);
    auto& of_state = lists_.at(i);
    while (timeout && !of_state.empty() && of_state.front().since + *timeout <= now_) {
      auto& c = of_state.front();
      if (s != state::reading) {
        if (s == state::writing && c.streams())
          service_.cut_off();
        close(c);
        continue;
      }
      refuse(c, {408, "request_timeout", "the request did not arrive in time"});
      write_answers(c);
    }
  }
}

} // namespace troupe::http
