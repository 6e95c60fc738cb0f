#include "actors/notices.hpp"

#include <fmt/format.h>

namespace troupe {

namespace {

std::string money(cents amount) {
  return fmt::format("{}.{:02}", amount / 100, amount % 100);
}

struct text {
  const char* type;
  const char* title;
  std::string message;
};

std::string shipment(const event_value& v) {
  std::string message = fmt::format("Order {} is on its way", v.order_id);
  if (!v.courier.empty())
    message += " with " + v.courier;
  if (!v.tracking_number.empty())
    message += ", tracking number " + v.tracking_number;
  return message + ".";
}

/// A reason for the middle of a sentence: the gateway ends its own like one.
std::string_view clause(std::string_view reason) {
  return reason.ends_with('.') ? reason.substr(0, reason.size() - 1) : reason;
}

text text_of(std::string_view topic, const event_value& v) {
  const auto& id = v.order_id;
  if (topic == topic::order_created)
    return {"ORDER", "Order received",
            fmt::format("We have received order {} over {}.", id, money(v.total))};
  if (topic == topic::payment_success)
    return {"PAYMENT", "Payment received",
            fmt::format("The payment of order {} went through.", id)};
  if (topic == topic::payment_failed)
    return {"PAYMENT", "Payment failed",
            fmt::format("The payment of order {} failed: {}. You can pay again.", id,
                        clause(v.reason))};
  if (topic == topic::order_dispatched)
    return {"DISPATCH", "Order dispatched", shipment(v)};
  if (topic == topic::order_completed)
    return {"DISPATCH", "Order delivered", fmt::format("Order {} has been delivered.", id)};
  return {"ORDER", "Order cancelled",
          fmt::format("Order {} was cancelled: {}.", id, clause(v.reason))};
}

bool tells(std::string_view topic) {
  return topic == topic::order_created || topic == topic::payment_success
         || topic == topic::payment_failed || topic == topic::order_dispatched
         || topic == topic::order_completed || topic == topic::order_cancelled
         || topic == topic::notification_requested;
}

} // namespace

std::variant<notice, bad_event> notice_of(const incoming_event& e) {
  if (!tells(e.topic))
    return bad_event{"not a topic of the emailing service"};
  auto read = read_event(e);
  if (auto* bad = std::get_if<bad_event>(&read))
    return *bad;
  const auto& v = std::get<event_value>(read);
  notice n;
  n.origin = e;
  n.tells_user = e.topic == topic::order_created;
  n.what.user_id = v.user_id;
  n.what.order_id = v.order_id;
  if (e.topic == topic::notification_requested) {
    n.what.type = v.type;
    n.what.title = v.title;
    n.what.message = v.message;
  } else {
    auto t = text_of(e.topic, v);
    n.what.type = t.type;
    n.what.title = t.title;
    n.what.message = std::move(t.message);
  }
  return n;
}

std::optional<notice> decode_notice(const incoming_event& e) {
  auto result = notice_of(e);
  if (auto* n = std::get_if<notice>(&result))
    return std::move(*n);
  return std::nullopt;
}

} // namespace troupe
