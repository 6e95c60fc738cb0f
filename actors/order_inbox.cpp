#include "actors/order_inbox.hpp"

#include "actors/ending.hpp"
#include "domain/event_values.hpp"
#include "telemetry/fail_point.hpp"

#include <utility>

namespace troupe {

namespace {

std::optional<order_verb> order_verb_of(std::string_view topic) {
  if (topic == topic::inventory_updated)
    return order_verb::inventory_updated;
  if (topic == topic::inventory_rejected)
    return order_verb::inventory_rejected;
  if (topic == topic::inventory_released)
    return order_verb::inventory_released;
  if (topic == topic::payment_refunded)
    return order_verb::payment_refunded;
  return std::nullopt;
}

consumed consumed_by(const caf::error& e) {
  switch (fault_of(e)) {
    case fault::not_found:
      return {consumed::kind::poison, "an unknown order"};
    case fault::impossible:
      return {consumed::kind::poison, detail_of(e)};
    case fault::unavailable:
      return {consumed::kind::unavailable, detail_of(e)};
    default:
      return {consumed::kind::busy, std::string(to_string(fault_of(e)))};
  }
}

} // namespace

void order_inbox_state::start(self_ptr self, order_door orders) {
  self_ = self;
  orders_ = std::move(orders);
}

caf::result<consumed> order_inbox_state::take(const incoming_event& e) {
  auto verb = order_verb_of(e.topic);
  if (!verb)
    return consumed{consumed::kind::poison, "not a topic of the order service"};
  auto read = read_event(e);
  if (auto* bad = std::get_if<bad_event>(&read))
    return consumed{consumed::kind::poison, bad->why};
  auto& value = std::get<event_value>(read);
  order_request request;
  request.order_id = value.order_id;
  request.command.verb = *verb;
  request.command.reason = value.reason;
  request.command.traceparent = e.traceparent;
  auto reply = self_->make_response_promise<consumed>();
  waiting_[++last_number_] = reply; // before anything can throw: `abandon` answers it
  tell(std::move(request));
  return reply;
}

void order_inbox_state::tell(order_request what) {
  fail_point("inbox.before_command", what.order_id);
  self_->request(orders_, caf::infinite, std::move(what))
      .then(
          [this, number = last_number_](const order_answer&) {
            fail_point("order.before_offset");
            answer(number, consumed{});
          },
          [this, number = last_number_](const caf::error& why) {
            answer(number, consumed_by(why));
          });
}

void order_inbox_state::answer(uint64_t number, consumed what) {
  auto known = waiting_.find(number);
  known->second.deliver(std::move(what));
  waiting_.erase(known);
}

void order_inbox_state::abandon(const caf::error& why) {
  for (auto& [number, reply] : std::exchange(waiting_, {}))
    reply.deliver(why);
}

event_handler::behavior_type order_inbox_behavior(order_inbox_state::self_ptr self,
                                                  const order_door& orders) {
  self->state.start(self, orders);
  before_ending(self, [self] { self->state.abandon(make_fault(fault::unavailable)); });
  return {[self](const incoming_event& e) { return self->state.take(e); }};
}

} // namespace troupe
