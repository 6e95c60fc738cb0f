#include "domain/order_events.hpp"

#include "domain/json.hpp"

#include <stdexcept>

namespace troupe::order_events {

namespace {

using nlohmann::json;

/// "12.05": for people. The contract names no currency.
std::string amount_text(cents amount) {
  const auto fraction = std::to_string(amount % 100);
  return std::to_string(amount / 100) + (fraction.size() == 1 ? ".0" : ".") + fraction;
}

event notice(const order& o, const char* type, const char* title, const std::string& message,
             const std::string& traceparent) {
  const json value{{"userId", o.user_id},
                   {"type", type},
                   {"title", title},
                   {"message", message},
                   {"orderId", o.id}};
  return make_event(topic::notification_requested, o.id, value, traceparent);
}

void tell_payment_success(order_step& step, const order& o, const order_command& c) {
  step.message = "Payment received";
  step.events = {make_event(topic::payment_success, o.id, {{"orderId", o.id}}, c.traceparent)};
}

void tell_payment_failed(order_step& step, const order& o, const order_command& c) {
  const auto reason = c.reason.empty() ? std::string("declined") : plain_text(c.reason);
  step.message = "Payment failed: " + reason;
  step.events = {make_event(topic::payment_failed, o.id, {{"orderId", o.id}, {"reason", reason}},
                            c.traceparent)};
}

void tell_confirmed(order_step& step, const order& o, const order_command& c) {
  step.message = "Order confirmed";
  step.events
      = {notice(o, "ORDER", "Order confirmed",
                "Your order " + o.id + " is confirmed and is being prepared.", c.traceparent)};
}

void tell_dispatched(order_step& step, const order& o, const order_command& c) {
  const auto number = plain_text(c.tracking_number);
  const auto courier = plain_text(c.courier);
  json value{{"orderId", o.id}};
  step.message = "Order dispatched";
  if (!courier.empty()) {
    value["courier"] = courier;
    step.message += " with " + courier;
  }
  if (!number.empty()) {
    value["trackingNumber"] = number;
    step.message += ", tracking number " + number;
  }
  step.events = {make_event(topic::order_dispatched, o.id, value, c.traceparent)};
}

void tell_completed(order_step& step, const order& o, const order_command& c) {
  step.message = "Order delivered";
  step.events
      = {make_event(topic::order_completed, o.id,
                    {{"orderId", o.id}, {"completedAt", to_iso8601(c.now)}}, c.traceparent)};
}

void tell_cancelled(order_step& step, const order& o, const order_command& c) {
  std::string reason = plain_text(c.reason);
  if (c.verb == order_verb::deadline)
    reason = "expired";
  else if (reason.empty())
    reason = c.verb == order_verb::cancel ? "cancelled by the customer" : "not enough stock";
  step.message
      = "Order cancelled: " + (c.verb == order_verb::deadline ? "it was not paid in time" : reason);
  if (step.payment == payment_status::refund_pending)
    step.message += "; your refund is on its way";
  const json value{{"orderId", o.id}, {"userId", o.user_id}, {"reason", reason}};
  step.events = {make_event(topic::order_cancelled, o.id, value, c.traceparent)};
}

void tell_refunded(order_step& step, const order& o, const order_command& c) {
  const auto amount = amount_text(o.total);
  step.message = "Refund of " + amount + " completed";
  step.events
      = {notice(o, "PAYMENT", "Refund completed",
                "We have refunded " + amount + " for your order " + o.id + ".", c.traceparent)};
}

} // namespace

event created(const order& draft, const std::string& traceparent) {
  auto address = json::parse(draft.shipping_address, nullptr, false);
  if (!address.is_object())
    throw std::invalid_argument("the shipping address is not a JSON object");
  auto items = json::array();
  for (const auto& line : draft.lines)
    items.push_back({{"productId", line.product_id},
                     {"quantity", line.quantity},
                     {"price", json_money(line.price)}});
  json value{{"orderId", draft.id}, {"userId", draft.user_id}};
  value["items"] = std::move(items);
  value["totalAmount"] = json_money(draft.total);
  value["shippingAddress"] = std::move(address);
  return make_event(topic::order_created, draft.id, value, traceparent);
}

void tell(order_step& step, const order& before, const order_command& command) {
  switch (step.status) {
    case order_status::created: // by decide_creation
      return;
    case order_status::payment_pending:
      step.message = before.attempt == 0 ? "Payment started" : "Payment started again";
      return;
    case order_status::payment_success:
      return tell_payment_success(step, before, command);
    case order_status::payment_failed:
      return tell_payment_failed(step, before, command);
    case order_status::confirmed:
      return tell_confirmed(step, before, command);
    case order_status::dispatched:
      return tell_dispatched(step, before, command);
    case order_status::completed:
      return tell_completed(step, before, command);
    case order_status::cancelled:
      return step.payment == payment_status::refunded ? tell_refunded(step, before, command)
                                                      : tell_cancelled(step, before, command);
  }
}

} // namespace troupe::order_events
