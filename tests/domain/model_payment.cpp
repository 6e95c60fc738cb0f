// What may happen in the payment service and at its gateway.

#include "tests/domain/model_steps.hpp"

#include <algorithm>
#include <optional>

namespace model {

using namespace troupe;
using verb = order_verb;

namespace {

payment_attempt real_attempt(const attempt_world& a) {
  payment_attempt p;
  p.order_id = "o";
  p.status = static_cast<attempt_status>(a.row);
  p.refund = static_cast<refund_status>(a.refund);
  return p;
}

std::optional<payment_attempt> known(const attempt_world& a) {
  return a.row == no_row ? std::nullopt : std::optional(real_attempt(a));
}

bool is(const attempt_world& a, worker at) {
  return a.at == static_cast<uint8_t>(at);
}

bool is(const attempt_world& a, books gateway) {
  return a.gateway == static_cast<uint8_t>(gateway);
}

} // namespace

template <class Then>
void steps::charge(const attempt_world& a, Then then) {
  attempt_world after = a;
  if (!is(a, books::untouched))
    return then(after, "charge repeated");
  after.gateway = static_cast<uint8_t>(books::captured);
  then(after, "captured");
  after.gateway = static_cast<uint8_t>(books::declined);
  then(after, "declined");
}

void steps::replace(int i, attempt_world a, const char* what, cause why) {
  if (!is(a, books::untouched))
    a.late = 0; // the key is known: a late request moves nothing any more
  world w = now_;
  w.attempts[i] = a;
  add(w, what, why);
}

void steps::work(int i) {
  const auto& a = now_.attempts[i];
  auto gone = a;
  gone.at = static_cast<uint8_t>(worker::none);
  if (is(a, worker::asked)) {
    begin(i);
    replace(i, gone, "worker crashes before it begins", cause::fault);
  } else if (is(a, worker::begun)) {
    charge(a, [&](attempt_world after, const char* what) {
      replace(i, after, "the gateway's answer is lost", cause::fault);
      after.at = static_cast<uint8_t>(worker::answered);
      replace(i, after, what, cause::due);
    });
    replace(i, gone, "worker crashes before it calls the gateway", cause::fault);
    gone.late = 1;
    give_up(i, gone);
  } else if (is(a, worker::answered)) {
    commit_answer(i, gone);
    replace(i, gone, "worker crashes before it commits the answer", cause::fault);
  }
  if (a.late)
    charge(a, [&](attempt_world after, const char*) {
      after.late = 0;
      replace(i, after, "a late charge reaches the gateway", cause::fault);
    });
}

void steps::begin(int i) {
  auto a = now_.attempts[i];
  if (decide_charge(known(a)) != charge_ruling::start)
    violation_ = "an attempt was begun twice";
  a.row = static_cast<uint8_t>(attempt_status::pending);
  a.at = static_cast<uint8_t>(worker::begun);
  replace(i, a, "worker begins", cause::due);
}

void steps::give_up(int i, const attempt_world& gone) {
  world w = now_;
  command(w, verb::charge_unknown, i + 1);
  w.attempts[i] = gone;
  if (!is(gone, books::untouched))
    w.attempts[i].late = 0;
  add(w, "worker gives up", cause::fault);
}

void steps::commit_answer(int i, attempt_world a) {
  const auto answer = is(a, books::captured)   ? gateway_answer::captured
                      : is(a, books::declined) ? gateway_answer::declined
                                               : gateway_answer::voided;
  end(a, answer);
  replace(i, a, "worker commits the answer", cause::due);
}

void steps::say(attempt_world& a) {
  a.telling = std::min(a.telling + 1, 2);
}

void steps::end(attempt_world& a, gateway_answer answer) {
  const auto next = decide_outcome(static_cast<attempt_status>(a.row), answer);
  if (!next)
    return;
  a.row = static_cast<uint8_t>(*next);
  say(a);
}

void steps::tell(int i) {
  if (!now_.attempts[i].telling)
    return;
  world w = now_;
  --w.attempts[i].telling;
  add(w, "word of the outcome is lost", cause::fault);
  const auto row = static_cast<attempt_status>(w.attempts[i].row);
  command(w, row == attempt_status::captured ? verb::charged : verb::declined, i + 1);
  add(w, "the order hears the outcome", cause::due);
}

gateway_answer steps::void_charge(attempt_world& a) const {
  if (is(a, books::captured))
    return gateway_answer::captured;
  if (is(a, books::declined))
    return gateway_answer::declined;
  if (r_.tombstone) {
    a.gateway = static_cast<uint8_t>(books::tombstone);
    a.late = 0;
  }
  return gateway_answer::voided;
}

bool steps::settle(attempt_world& a) {
  switch (decide_settle(known(a), !is(a, worker::none))) {
    case settle_ruling::wait:
      return false;
    case settle_ruling::settled:
      say(a);
      return true;
    case settle_ruling::insert_then_void:
      a.row = static_cast<uint8_t>(attempt_status::pending);
      [[fallthrough]];
    case settle_ruling::void_at_gateway:
      end(a, void_charge(a));
      return true;
  }
  return false;
}

void steps::settle_running(const world& touched) {
  const int i = touched.attempt - 1;
  auto a = touched.attempts[i];
  if (a.row == no_row && is(a, worker::none)) {
    auto cut_short = a;
    cut_short.row = static_cast<uint8_t>(attempt_status::pending);
    replace(i, cut_short, "settling crashes after the insert", cause::fault);
  }
  if (a.row == static_cast<uint8_t>(attempt_status::pending) && is(a, worker::none)) {
    auto cut_short = a;
    void_charge(cut_short);
    replace(i, cut_short, "settling crashes after the void", cause::fault);
  }
  if (settle(a))
    replace(i, a, "settled", cause::deadline);
}

void steps::refund_all(world& w) {
  for (auto& a : w.attempts) {
    if (a.row == no_row)
      continue;
    if (decide_refund(real_attempt(a)) == refund_ruling::settle_first)
      settle(a);
    const auto now = decide_refund(real_attempt(a));
    if (now == refund_ruling::start)
      a.refund = static_cast<uint8_t>(refund_status::pending);
    else if (now == refund_ruling::answer_again && r_.answer_again)
      emit(w, refunded);
  }
}

void steps::sweep_refund(int i) {
  const auto next = decide_refund_outcome(static_cast<refund_status>(now_.attempts[i].refund),
                                          refund_answer::refunded);
  if (!next)
    return;
  world w = now_;
  w.attempts[i].refund = static_cast<uint8_t>(*next);
  emit(w, refunded);
  add(w, "refund", cause::due);
}

} // namespace model
