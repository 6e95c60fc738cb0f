#include "actors/payment_worker.hpp"

#include "actors/ending.hpp"
#include "domain/event_values.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr std::chrono::milliseconds tick_interval{200};
constexpr int ticks_between_refunds = 5;
constexpr int ticks_between_sweeps = 25;
constexpr int sweep_batch = 64;

charge_outcome outcome_of(const payment_attempt& a) {
  return {a.order_id, a.attempt, a.status, a.transaction_id, a.reason};
}

payment_attempt attempt_of(const charge& c) {
  payment_attempt a;
  a.order_id = c.order_id;
  a.attempt = c.attempt;
  a.amount = c.amount;
  return a;
}

} // namespace

void payment_worker_state::start(self_ptr self, std::unique_ptr<payment_store> store,
                                 std::shared_ptr<payment_gateway> gateway,
                                 const publisher_actor& publisher, payment_options options,
                                 size_t index, size_t of) {
  self_ = self;
  store_ = std::move(store);
  gateway_ = std::move(gateway);
  options_ = options;
  index_ = index;
  workers_ = of;
  outbox_ = std::make_unique<outbox>(
      store_->log(), caf::actor_cast<outbox_owner>(self),
      [self, publisher](publication p) { self->send(publisher, std::move(p)); });
  self_->send(self_, tick_atom::value);
}

caf::result<charge_outcome> payment_worker_state::take_charge(charge&& what) {
  return take(std::move(what), true);
}

caf::result<charge_outcome> payment_worker_state::take_settle(charge&& what) {
  return take(std::move(what), false);
}

/// An attempt that is in work already is joined, whoever asks: its own worker is at it.
caf::result<charge_outcome> payment_worker_state::take(charge&& what, bool may_charge) {
  auto key = charge_key(what.order_id, what.attempt);
  auto reply = self_->make_response_promise<charge_outcome>();
  auto known = jobs_.find(key);
  if (known != jobs_.end()) {
    known->second.waiting.push_back(reply);
    return reply;
  }
  if (jobs_.size() >= options_.at_once)
    return make_fault(fault::busy);
  fail_point("payment.before_attempt");
  queue(payment_write::kind::begin, attempt_of(what));
  jobs_[key] = {std::move(what), may_charge, {reply}};
  return reply;
}

void payment_worker_state::queue(payment_write::kind what, payment_attempt attempt,
                                 std::chrono::milliseconds delay) {
  auto known = jobs_.find(charge_key(attempt.order_id, attempt.attempt));
  auto trace = known == jobs_.end() ? std::string() : known->second.what.traceparent;
  steps_.push_back({what, std::move(attempt), delay, std::move(trace)});
  schedule_flush();
}

void payment_worker_state::schedule_flush() {
  if (!std::exchange(flushing_, true))
    self_->send(self_, flush_atom::value);
}

void payment_worker_state::flush() {
  flushing_ = false;
  try {
    store_->connect();
    write_steps();
    cancel_orders();
    delay_.reset();
  } catch (const store_error& e) {
    return store_failed(e);
  }
  if (!steps_.empty() || !cancellations_.empty())
    schedule_flush();
}

/// Steps stay in line until they are written: each is guarded by its row's status, so that writing
/// it again after a broken connection is safe.
void payment_worker_state::write_steps() {
  auto count = static_cast<std::ptrdiff_t>(std::min(steps_.size(), options_.batch));
  if (count == 0)
    return;
  std::vector<payment_write> batch(steps_.begin(), steps_.begin() + count);
  auto results = store_->write(batch);
  steps_.erase(steps_.begin(), steps_.begin() + count);
  std::vector<outgoing_event> events;
  for (const auto& r : results)
    events.insert(events.end(), r.events.begin(), r.events.end());
  outbox_->committed(std::move(events));
  for (size_t i = 0; i < results.size(); ++i)
    written(batch[i], results[i]);
}

void payment_worker_state::written(const payment_write& step, const payment_result& result) {
  auto key = charge_key(step.attempt.order_id, step.attempt.attempt);
  if (!result.error.empty()) { // this step alone: whoever waits is told that nobody knows
    log::error("payment.step_failed", {{"order", step.attempt.order_id}, {"error", result.error}});
    auto unknown = step.attempt;
    unknown.status = attempt_status::pending;
    return answer(key, outcome_of(unknown));
  }
  switch (step.what) {
    case payment_write::kind::begin:
      return begun(key, result);
    case payment_write::kind::outcome:
      fail_point("payment.between_commits");
      return answer(key, outcome_of(result.now));
    case payment_write::kind::refund_begin:
      ticks_ = 0;
      return; // the next tick starts it
    case payment_write::kind::refund_retry:
      return;
    case payment_write::kind::refund_end:
      log::info("payment.refund_ended", {{"order", result.now.order_id},
                                         {"attempt", result.now.attempt},
                                         {"refund", to_string(result.now.refund)}});
  }
}

void payment_worker_state::begun(const std::string& key, const payment_result& result) {
  auto& j = jobs_.at(key);
  if (result.now.status != attempt_status::pending)
    return answer(key, outcome_of(result.now));
  // A row that was there already was begun by somebody who is gone: it is never charged.
  ask_gateway(key, j, j.may_charge && result.written);
}

void payment_worker_state::ask_gateway(const std::string& key, const job& j, bool charge_it) {
  auto me = caf::actor_cast<payment_worker>(self_);
  auto then = [me, key](gateway_reply r) { caf::anon_send(me, key, std::move(r)); };
  fail_point("payment.before_gateway");
  if (charge_it)
    gateway_->charge({key, j.what.order_id, j.what.amount, j.what.card_number,
                      j.what.payment_method, j.what.traceparent},
                     std::move(then));
  else
    gateway_->void_charge(key, std::move(then));
}

void payment_worker_state::gateway_answered(const std::string& key, const gateway_reply& reply) {
  auto known = jobs_.find(key);
  if (known == jobs_.end())
    return;
  auto attempt = attempt_of(known->second.what);
  auto ended = decide_outcome(attempt_status::pending, reply.answer);
  if (!ended) {
    log::warn(
        "payment.unknown",
        {{"order", attempt.order_id}, {"attempt", attempt.attempt}, {"reason", reply.reason}});
    return answer(key, outcome_of(attempt));
  }
  fail_point("payment.after_gateway");
  attempt.status = *ended;
  attempt.transaction_id = reply.transaction_id;
  attempt.reason = reply.reason;
  queue(payment_write::kind::outcome, std::move(attempt));
}

void payment_worker_state::answer(const std::string& key, const charge_outcome& outcome) {
  auto known = jobs_.find(key);
  if (known == jobs_.end())
    return;
  log::info("payment.attempt", {{"order", outcome.order_id},
                                {"attempt", outcome.attempt},
                                {"status", to_string(outcome.status)}});
  for (auto& reply : known->second.waiting)
    reply.deliver(outcome);
  jobs_.erase(known);
  schedule_flush(); // a cancellation may have waited for it
}

caf::result<consumed> payment_worker_state::take_event(incoming_event&& e) {
  if (e.topic != topic::order_cancelled)
    return consumed{consumed::kind::poison, "not a topic of the payment service"};
  auto read = read_event(e);
  if (auto* bad = std::get_if<bad_event>(&read))
    return consumed{consumed::kind::poison, bad->why};
  auto reply = self_->make_response_promise<consumed>();
  cancellations_.push_back({std::get<event_value>(read).order_id, e.traceparent, reply});
  schedule_flush();
  return reply;
}

/// Decides for every attempt of the cancelled orders, writes all refunds in one transaction, and
/// only then lets the offsets move on.
void payment_worker_state::cancel_orders() {
  if (cancellations_.empty())
    return;
  std::vector<std::string> ids;
  ids.reserve(cancellations_.size());
  for (const auto& c : cancellations_)
    ids.push_back(c.order_id);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  refund_plan plan;
  for (const auto& a : store_->attempts(ids))
    plan_refund(a, plan);
  if (!plan.begin.empty()) {
    for (const auto& result : store_->write(plan.begin))
      if (!result.error.empty()) {
        log::error("payment.refund_not_begun", {{"error", result.error}});
        plan.settling.insert(result.now.order_id);
      }
    fail_point("payment.before_offset");
    ticks_ = 0; // the next tick starts them
  }
  if (!plan.answered.empty())
    outbox_->again(store_->refund_events(plan.answered));
  for (auto& c : std::exchange(cancellations_, {}))
    c.reply.deliver(consumed{
        plan.settling.contains(c.order_id) ? consumed::kind::busy : consumed::kind::done, {}});
}

void payment_worker_state::plan_refund(const payment_attempt& a, refund_plan& plan) {
  switch (decide_refund(a)) {
    case refund_ruling::nothing:
    case refund_ruling::wait:
      return;
    case refund_ruling::answer_again:
      plan.answered.push_back(a.order_id);
      return;
    case refund_ruling::start: {
      auto cause = std::find_if(cancellations_.begin(), cancellations_.end(),
                                [&](const cancellation& c) { return c.order_id == a.order_id; });
      plan.begin.push_back({payment_write::kind::refund_begin, a, {}, cause->traceparent});
      return;
    }
    case refund_ruling::settle_first:
      plan.settling.insert(a.order_id);
      settle(a);
  }
}

/// Learns how an attempt ended that nobody in this process is at work on.
void payment_worker_state::settle(const payment_attempt& a) {
  auto key = charge_key(a.order_id, a.attempt);
  if (jobs_.contains(key))
    return;
  charge what;
  what.order_id = a.order_id;
  what.attempt = a.attempt;
  what.amount = a.amount;
  jobs_[key] = {std::move(what), false, {}};
  queue(payment_write::kind::begin, a);
}

void payment_worker_state::start_refunds() {
  for (auto& a : store_->due_refunds(sweep_batch, options_.refund_lease)) {
    auto key = refund_key(a.order_id, a.attempt);
    refunds_.try_emplace(key, a, backoff(options_.refund_retry, std::chrono::minutes(1)));
    auto me = caf::actor_cast<payment_worker>(self_);
    fail_point("refund.before_gateway");
    gateway_->refund(key, charge_key(a.order_id, a.attempt), a.amount,
                     [me, key](refund_reply r) { caf::anon_send(me, key, std::move(r)); });
  }
}

void payment_worker_state::refund_answered(const std::string& key, const refund_reply& reply) {
  auto known = refunds_.find(key);
  if (known == refunds_.end())
    return;
  auto& [attempt, delay] = known->second;
  auto ended = decide_refund_outcome(refund_status::pending, reply.answer);
  if (!ended) {
    log::warn("payment.refund_unknown", {{"order", attempt.order_id}, {"reason", reply.reason}});
    return queue(payment_write::kind::refund_retry, attempt, delay.next());
  }
  if (*ended == refund_status::refused)
    log::error("payment.refund_refused", {{"order", attempt.order_id}, {"reason", reply.reason}});
  fail_point("refund.after_gateway");
  attempt.refund = *ended;
  queue(payment_write::kind::refund_end, attempt);
  refunds_.erase(known);
}

/// Attempts that a fenced incarnation left PENDING: voided or learnt, never charged. A sweep goes
/// on where the last one ended: the other workers' and those that the gateway is silent about may
/// be many.
void payment_worker_state::recover_abandoned() {
  const auto all = store_->abandoned(sweep_batch, abandoned_);
  abandoned_ = all.size() < static_cast<size_t>(sweep_batch)
                   ? ""
                   : charge_key(all.back().order_id, all.back().attempt);
  for (const auto& a : all)
    if (static_cast<size_t>(shard_of(a.order_id)) % workers_ == index_)
      settle(a);
}

void payment_worker_state::tick() {
  self_->delayed_send(self_, tick_interval, tick_atom::value);
  auto now = ticks_++;
  try {
    store_->connect();
    if (now % ticks_between_sweeps == 0) {
      outbox_->adopt_orphans();
      recover_abandoned();
    }
    if (now % ticks_between_refunds == 0)
      start_refunds();
  } catch (const store_error& e) {
    log::debug("payment.tick_failed", {{"error", e.what()}});
  }
  move_watermark();
}

void payment_worker_state::move_watermark() {
  try {
    if (outbox_->dirty() && store_->connected())
      outbox_->tick();
  } catch (const store_error& e) {
    log::debug("payment.watermark_failed", {{"error", e.what()}});
  }
}

void payment_worker_state::store_failed(const store_error& e) {
  log::warn("payment.store_failed", {{"error", e.what()}, {"steps", steps_.size()}});
  for (auto& c : std::exchange(cancellations_, {}))
    c.reply.deliver(consumed{consumed::kind::unavailable, {}});
  if (e.kind == store_failure::fenced || e.kind == store_failure::failed) {
    abandon(make_fault(fault::unavailable));
    return self_->quit(e.kind == store_failure::fenced
                           ? make_fault(fault::unavailable, std::string(fenced_detail))
                           : make_fault(fault::internal, "the payment store failed"));
  }
  flushing_ = true;
  self_->delayed_send(self_, delay_.next(), flush_atom::value);
}

void payment_worker_state::abandon(const caf::error& why) {
  for (auto& [key, j] : std::exchange(jobs_, {}))
    for (auto& reply : j.waiting)
      reply.deliver(why);
  for (auto& c : std::exchange(cancellations_, {}))
    c.reply.deliver(why);
  steps_.clear();
}

payment_worker::behavior_type
payment_worker_behavior(payment_worker_state::self_ptr self,
                        const std::shared_ptr<std::unique_ptr<payment_store>>& store,
                        std::shared_ptr<payment_gateway> gateway, const publisher_actor& publisher,
                        payment_options options, size_t index, size_t of) {
  self->state.start(self, std::move(*store), std::move(gateway), publisher, options, index, of);
  before_ending(self, [self] {
    self->state.abandon(make_fault(fault::unavailable));
    self->state.move_watermark();
  });
  return {
      [self](incoming_event& e) { return self->state.take_event(std::move(e)); },
      [self](charge& c) { return self->state.take_charge(std::move(c)); },
      [self](settle_atom, charge& c) { return self->state.take_settle(std::move(c)); },
      [self](flush_atom) { self->state.flush(); },
      [self](tick_atom) { self->state.tick(); },
      [self](const std::vector<position>& rows) { self->state.delivered(rows); },
      [self](const std::string& key, const gateway_reply& r) {
        self->state.gateway_answered(key, r);
      },
      [self](const std::string& key, const refund_reply& r) {
        self->state.refund_answered(key, r);
      },
  };
}

} // namespace troupe
