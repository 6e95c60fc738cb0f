// What an order does about its charge: begins it, learns how it ended, and tells the next owner
// when the order has left this node meanwhile.

#include "actors/order.hpp"
#include "telemetry/log.hpp"

#include <utility>

namespace troupe {

void order_state::follow(follow_up what, const order_request& cause) {
  switch (what) {
    case follow_up::none:
      return;
    case follow_up::republish:
      return self_->send(context_->reader, again_atom::value, current_.id);
    case follow_up::charge:
      charging_ = true;
      self_->delayed_send(self_, context_->payment_wait, tick_atom::value, current_.attempt);
      self_->request(context_->payments, caf::infinite, charge_of_attempt(cause))
          .then([this, trace = cause.command.traceparent](
                    const charge_outcome& o) { charge_outcome_known(o, true, trace); },
                [this, attempt = current_.attempt](const caf::error&) {
                  charge_outcome unknown;
                  unknown.order_id = current_.id;
                  unknown.attempt = attempt;
                  charge_outcome_known(unknown, true, {});
                });
      return;
    case follow_up::settle:
      self_
          ->request(context_->payments, caf::infinite, settle_atom::value, charge_of_attempt(cause))
          .then(
              [this](const charge_outcome& o) { charge_outcome_known(o, false, {}); },
              [](const caf::error&) { /* the deadline that asked was moved on: it asks again */ });
  }
}

charge order_state::charge_of_attempt(const order_request& cause) const {
  return {current_.id,          current_.attempt,  current_.total,
          cause.payment_method, cause.card_number, cause.command.traceparent};
}

/// `by_worker`: the attempt's own worker speaks; when it has given up, the order says so and lets
/// the deadline ask the gateway. `traceparent`: of the request that pays, where it is known.
void order_state::charge_outcome_known(const charge_outcome& outcome, bool by_worker,
                                       const std::string& traceparent) {
  order_request known;
  known.order_id = current_.id;
  known.command.attempt = outcome.attempt;
  known.command.reason = outcome.reason;
  known.command.transaction_id = outcome.transaction_id;
  known.command.traceparent = traceparent;
  switch (outcome.status) {
    case attempt_status::captured:
      known.command.verb = order_verb::charged;
      break;
    case attempt_status::declined:
    case attempt_status::voided:
      known.command.verb = order_verb::declined;
      break;
    case attempt_status::pending:
      if (!by_worker)
        return;
      known.command.verb = order_verb::charge_unknown;
  }
  if (leaving_ && leaving_->departed)
    return tell_next_owner(std::move(known));
  submit({std::move(known), std::nullopt});
}

caf::result<bool> order_state::leave(order_door next_owner) {
  auto gone = self_->make_response_promise<bool>();
  leaving_ = std::make_unique<departure>(departure{std::move(next_owner), gone});
  next();
  return gone;
}

/// Its commands are done. A charge that was begun here ends here, and its payers wait for it; who
/// joined an earlier one is told that its outcome is not known yet.
void order_state::depart() {
  leaving_->departed = true;
  leaving_->gone.deliver(true);
  if (charging_)
    return;
  answer_payers(true);
  self_->quit();
}

void order_state::tell_next_owner(order_request outcome) {
  const bool pending = outcome.command.verb == order_verb::charge_unknown;
  self_->request(leaving_->next_owner, caf::infinite, std::move(outcome))
      .then(
          [this, pending](const order_answer& told) {
            current_ = told.now;
            answer_payers(pending);
            self_->quit();
          },
          [this](const caf::error& e) { // the deadline asks the gateway
            log::warn("order.outcome_not_told", {{"order", current_.id}, {"error", detail_of(e)}});
            answer_payers(true);
            self_->quit();
          });
}

} // namespace troupe
