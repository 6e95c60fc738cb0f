#include "actors/order.hpp"

#include "actors/ending.hpp"
#include "domain/replay.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <utility>

namespace troupe {

namespace {

void log_step(const order& o, const std::string& traceparent) {
  log::info("order.step", {{"order", o.id},
                           {"status", to_string(o.status)},
                           {"payment", to_string(o.payment)},
                           {"version", o.version},
                           {"trace", traceparent}});
}

/// The guard of a transition: the journal needs no more of the order than this.
order guard_of(const order& o) {
  order guard;
  guard.id = o.id;
  guard.version = o.version;
  return guard;
}

} // namespace

void order_state::start(self_ptr self, order initial, order_context_ptr context) {
  self_ = self;
  current_ = std::move(initial);
  context_ = std::move(context);
}

caf::result<order> order_state::view(std::string&& user) {
  if (committing_)
    return self_->delegate(context_->committed, view_atom::value, current_.id, std::move(user));
  if (current_.version == 0 || !mine(user))
    return make_fault(fault::not_found);
  return current_;
}

caf::result<order_answer> order_state::command(order_request&& request) {
  // What is being created may be known already: its event can overtake the answer to the commit,
  // and so can a user whose repeat another order's journal has answered.
  if (!creating_ && (current_.version == 0 || !mine(request.user_id)))
    return make_fault(fault::not_found);
  auto reply = self_->make_response_promise<order_answer>();
  submit({std::move(request), reply});
  return reply;
}

void order_state::submit(job what) {
  if (!committing_)
    run(std::move(what));
  else if (!what.reply || line_.size() < max_waiting)
    line_.push_back(std::move(what));
  else
    what.reply->deliver(make_fault(fault::busy));
}

void order_state::run(job what) {
  // Before anything can throw: `abandon` answers whoever waits for it.
  active_ = std::make_unique<job>(std::move(what));
  fail_point("order.before_step", current_.id);
  if (!mine(active_->request.user_id)) // it came before the order was there
    fail(make_fault(fault::not_found));
  else if (active_->request.key)
    look_up_key();
  else
    judge();
}

/// A key is only ever written with a step of the order that its path names. So what is found here
/// holds until our own step commits, or conflicts and looks again.
void order_state::look_up_key() {
  committing_ = true;
  self_->request(context_->keys, caf::infinite, view_atom::value, *active_->request.key)
      .then(
          [this](const earlier_use& earlier) {
            committing_ = false;
            if (earlier.order_id.empty())
              judge();
            else
              replay(earlier);
            next();
          },
          [this](const caf::error& e) {
            committing_ = false;
            fail(e);
            next();
          });
}

/// Answers as the key's first use was, or will be.
void order_state::replay(const earlier_use& earlier) {
  const auto& asked = active_->request;
  const bool pays = asked.command.verb == order_verb::pay;
  if (earlier.body_hash != asked.key->body_hash)
    return fail(make_fault(fault::key_reused));
  if (earlier.version > current_.version)
    return retry_on_fresh_state();
  const bool attempt_is_open = pays && earlier.version == current_.version;
  if (attempt_is_open && charging_)
    return fail(make_fault(fault::key_in_progress));
  // A payment's key came with PAYMENT_PENDING; the step after that is how the attempt ended.
  auto shown = attempt_is_open ? current_
                               : at_version(current_, pays ? earlier.version + 1 : earlier.version);
  auto done = std::move(*std::exchange(active_, nullptr));
  done.reply->deliver(order_answer{std::move(shown), attempt_is_open, !attempt_is_open});
}

void order_state::judge() {
  auto& command = active_->request.command;
  command.now = context_->clock();
  auto decided = decide(current_, command, context_->within);
  if (decided.alarm)
    log::warn("order.overdue", {{"order", current_.id},
                                {"status", to_string(current_.status)},
                                {"rounds", current_.rounds + 1}});
  switch (decided.what) {
    case ruling::step:
      return commit(std::move(decided));
    case ruling::refused:
      return fail(make_fault(fault_from(decided.why), decided.detail));
    case ruling::dead_letter:
      if (active_->reloads == 0) // this copy may be stale, and must not bury what is good
        return retry_on_fresh_state();
      return fail(make_fault(fault::impossible, decided.detail));
    case ruling::join:
      return join();
    case ruling::unchanged:
      follow(decided.then, active_->request);
      return finish();
  }
}

void order_state::join() {
  auto what = std::move(*std::exchange(active_, nullptr));
  if (!what.reply)
    return;
  if (payers_.size() >= max_waiting) {
    what.reply->deliver(make_fault(fault::busy));
    return;
  }
  // Nobody waits any more: the attempt's own wait is over, or was an earlier copy's.
  if (payers_.empty())
    self_->delayed_send(self_, context_->payment_wait, tick_atom::value, current_.attempt);
  payers_.push_back(*what.reply);
}

void order_state::commit(order_decision decided) {
  committing_ = true;
  // Local, and it answers or dies (then the error handler runs): a finite timeout would stay in
  // the clock long after the answer.
  self_
      ->request(context_->journal, caf::infinite,
                write_set{guard_of(current_), *decided.step, active_->request.key})
      .then([this, decided](const commit_result& r) { committed(decided, r); },
            [this](const caf::error& e) {
              committing_ = false;
              if (fault_of(e) != fault::busy) // the journal died: nobody knows what was written
                return stop(make_fault(fault::unavailable));
              fail(e);
              next();
            });
}

void order_state::committed(order_decision decided, const commit_result& result) {
  if (result.outcome == commit_outcome::conflict)
    return retry_on_fresh_state();
  committing_ = false;
  if (result.outcome == commit_outcome::committed) {
    current_ = apply(std::move(current_), *decided.step, result.time);
    tell_observer();
    if (decided.step->advances)
      log_step(current_, active_->request.command.traceparent);
    follow(decided.then, active_->request);
    finish();
  } else {
    fail(make_fault(fault::internal));
  }
  next();
}

/// Somebody else wrote this order, or may have: never an error to the client, the command runs
/// again.
void order_state::retry_on_fresh_state() {
  committing_ = true;
  self_->request(context_->reader, caf::infinite, view_atom::value, current_.id)
      .then(
          [this](const loaded_order& fresh) {
            committing_ = false;
            if (!fresh)
              return stop(make_fault(fault::not_found));
            current_ = *fresh;
            tell_observer();
            if (++active_->reloads <= max_reloads)
              run(std::move(*std::exchange(active_, nullptr)));
            else
              fail(make_fault(fault::busy));
            next();
          },
          [this](const caf::error&) { stop(make_fault(fault::unavailable)); });
}

void order_state::tell_observer() const {
  if (context_->observer != nullptr)
    context_->observer->changed(current_);
}

caf::result<create_answer> order_state::create(create_request&& request) {
  if (current_.version != 0 || committing_)
    return make_fault(fault::internal, "the order id is taken");
  auto reply = self_->make_response_promise<create_answer>();
  committing_ = true;
  creating_ = reply;
  auto step = decide_creation(request.draft, context_->within, request.traceparent);
  self_->request(context_->journal, caf::infinite, write_set{request.draft, step, request.key})
      .then(
          [this, step, request](const commit_result& r) {
            if (r.outcome != commit_outcome::committed)
              return settle_creation(request, r);
            committing_ = false;
            current_ = apply(request.draft, step, r.time);
            log_step(current_, request.traceparent);
            std::exchange(creating_, std::nullopt)->deliver(create_answer{current_, false});
            next();
          },
          [this](const caf::error& e) {
            stop(fault_of(e) == fault::busy ? e : make_fault(fault::unavailable));
          });
  return reply;
}

/// The creation did not become an order: this actor answers for the earlier one, and ends. An order
/// of this very id was made by the same request, which another node asks again: ids are its own.
void order_state::settle_creation(create_request request, const commit_result& result) {
  if (result.outcome != commit_outcome::duplicate)
    return stop(make_fault(fault::internal));
  if (result.earlier && result.earlier->body_hash != request.key->body_hash)
    return stop(make_fault(fault::key_reused));
  const auto earlier = result.earlier.value_or(earlier_use{request.draft.id, 1, {}});
  self_->request(context_->reader, caf::infinite, view_atom::value, earlier.order_id)
      .then(
          [this, version = earlier.version,
           replayed = result.earlier.has_value()](const loaded_order& found) {
            if (!found)
              return stop(make_fault(fault::internal));
            std::exchange(creating_, std::nullopt)
                ->deliver(create_answer{at_version(*found, version), replayed});
            stop(make_fault(fault::unavailable));
          },
          [this](const caf::error&) { stop(make_fault(fault::unavailable)); });
}

/// Answers the active command with the order as it is now, and the payers if their outcome is
/// known.
void order_state::finish() {
  auto done = std::move(*std::exchange(active_, nullptr));
  auto verb = done.request.command.verb;
  bool starts_attempt = verb == order_verb::pay && current_.status == order_status::payment_pending;
  if (done.reply && starts_attempt)
    payers_.push_back(*done.reply);
  else if (done.reply)
    done.reply->deliver(order_answer{current_});
  if (verb == order_verb::charge_unknown)
    answer_payers(true);
  else if (current_.status != order_status::payment_pending)
    answer_payers(false);
}

void order_state::fail(const caf::error& why) {
  auto failed = std::move(*std::exchange(active_, nullptr));
  if (failed.reply)
    failed.reply->deliver(why);
  else
    log::warn("order.command_failed", {{"order", current_.id},
                                       {"command", to_string(failed.request.command.verb)},
                                       {"fault", to_string(fault_of(why))}});
}

void order_state::answer_payers(bool pending) {
  charging_ = false;
  for (auto& payer : std::exchange(payers_, {}))
    payer.deliver(order_answer{current_, pending});
}

void order_state::wait_is_over(int32_t attempt) {
  if (current_.attempt == attempt && current_.status == order_status::payment_pending)
    answer_payers(true);
}

void order_state::next() {
  while (!committing_ && !line_.empty()) {
    auto what = std::move(line_.front());
    line_.pop_front();
    run(std::move(what));
  }
  if (leaving_ && !leaving_->departed && !committing_)
    depart();
}

bool order_state::rest() {
  bool idle = !committing_ && line_.empty() && payers_.empty();
  if (idle)
    self_->quit();
  return idle;
}

void order_state::abandon(const caf::error& why) {
  if (context_->observer != nullptr) // what is in flight may yet be committed
    context_->observer->doubtful(current_.id);
  if (active_)
    fail(why);
  if (creating_)
    std::exchange(creating_, std::nullopt)->deliver(why);
  for (auto& what : std::exchange(line_, {}))
    if (what.reply)
      what.reply->deliver(why);
  for (auto& payer : std::exchange(payers_, {}))
    payer.deliver(why);
  if (leaving_ && !leaving_->departed)
    leaving_->gone.deliver(true);
}

/// This copy of the order may be stale: it ends, and the shard loads a fresh one when asked.
void order_state::stop(const caf::error& why) {
  abandon(why);
  self_->quit();
}

order_actor::behavior_type order_behavior(order_state::self_ptr self, order initial,
                                          order_context_ptr context) {
  self->state.start(self, std::move(initial), std::move(context));
  before_ending(self, [self] { self->state.abandon(make_fault(fault::unavailable)); });
  return {
      [self](view_atom, std::string& user) { return self->state.view(std::move(user)); },
      [self](order_request& r) { return self->state.command(std::move(r)); },
      [self](create_request& r) { return self->state.create(std::move(r)); },
      [self](rest_atom) { return self->state.rest(); },
      [self](leave_atom, order_door& door) { return self->state.leave(std::move(door)); },
      [self](tick_atom, int32_t attempt) { self->state.wait_is_over(attempt); },
  };
}

} // namespace troupe
