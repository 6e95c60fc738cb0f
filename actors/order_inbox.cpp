#include "actors/order_inbox.hpp"

#include "domain/event_values.hpp"
#include "telemetry/fail_point.hpp"

namespace troupe {

namespace {

std::optional<order_verb> verb_of(std::string_view topic) {
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

event_handler::behavior_type order_inbox_behavior(event_handler::pointer self,
                                                  const order_door& orders) {
  return {[self, orders](const incoming_event& e) -> caf::result<consumed> {
    auto verb = verb_of(e.topic);
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
    auto reply = self->make_response_promise<consumed>();
    self->request(orders, caf::infinite, std::move(request))
        .then(
            [reply](const order_answer&) mutable {
              fail_point("order.before_offset");
              reply.deliver(consumed{});
            },
            [reply](const caf::error& why) mutable { reply.deliver(consumed_by(why)); });
    return reply;
  }};
}

} // namespace troupe
