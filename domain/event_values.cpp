#include "domain/event_values.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace troupe {

namespace {

using nlohmann::json;

std::string text(const json& value, const char* member) {
  auto it = value.find(member);
  if (it == value.end() || !it->is_string())
    throw std::invalid_argument(std::string(member) + " must be a string");
  return it->get<std::string>();
}

std::string optional_text(const json& value, const char* member) {
  auto it = value.find(member);
  return it == value.end() || it->is_null() ? std::string() : text(value, member);
}

std::string id(const json& value, const char* member) {
  auto result = text(value, member);
  if (!valid_id(result))
    throw std::invalid_argument(std::string(member) + " is no id");
  return result;
}

cents amount(const json& value, const char* member) {
  auto it = value.find(member);
  auto result
      = it != value.end() && it->is_number() ? cents_from_number(it->get<double>()) : std::nullopt;
  if (!result)
    throw std::invalid_argument(std::string(member) + " must be an amount");
  return *result;
}

int32_t quantity(const json& item) {
  auto it = item.find("quantity");
  if (it == item.end() || !it->is_number_integer() || it->get<int64_t>() <= 0
      || it->get<int64_t>() > std::numeric_limits<int32_t>::max() / 2)
    throw std::invalid_argument("quantity must be a positive integer");
  return it->get<int32_t>();
}

std::vector<stock_line> lines(const json& value) {
  auto items = value.find("items");
  if (items == value.end() || !items->is_array() || items->empty())
    throw std::invalid_argument("items must be a non-empty array");
  std::vector<stock_line> result;
  for (const auto& item : *items) {
    if (!item.is_object())
      throw std::invalid_argument("an item must be an object");
    stock_line line{id(item, "productId"), quantity(item)};
    auto same = std::find_if(result.begin(), result.end(),
                             [&](const stock_line& l) { return l.product_id == line.product_id; });
    if (same == result.end())
      result.push_back(std::move(line));
    else if (same->quantity > std::numeric_limits<int32_t>::max() / 2 - line.quantity)
      throw std::invalid_argument("quantity is too large");
    else
      same->quantity += line.quantity;
  }
  return result;
}

/// The members beside orderId.
void read_members(std::string_view topic, const json& value, event_value& to) {
  if (topic == topic::order_created) {
    to.user_id = id(value, "userId");
    to.lines = lines(value);
    to.total = amount(value, "totalAmount");
  } else if (topic == topic::order_cancelled) {
    to.user_id = id(value, "userId");
    to.reason = text(value, "reason");
  } else if (topic == topic::payment_failed || topic == topic::inventory_rejected) {
    to.reason = text(value, "reason");
  } else if (topic == topic::payment_refunded) {
    to.amount = amount(value, "amount");
  } else if (topic == topic::order_dispatched) {
    to.tracking_number = optional_text(value, "trackingNumber");
    to.courier = optional_text(value, "courier");
  }
}

event_value read_notification(const json& value) {
  event_value result;
  result.user_id = id(value, "userId");
  result.type = text(value, "type");
  result.title = text(value, "title");
  result.message = text(value, "message");
  result.order_id = optional_text(value, "orderId");
  if (!result.order_id.empty() && !valid_id(result.order_id))
    throw std::invalid_argument("orderId is no id");
  if (result.type != "ORDER" && result.type != "PAYMENT" && result.type != "DISPATCH")
    throw std::invalid_argument("type must be ORDER, PAYMENT or DISPATCH");
  return result;
}

} // namespace

std::variant<event_value, bad_event> read_event(const incoming_event& e) {
  if (e.tombstone)
    return bad_event{"the record has no value"};
  auto value = json::parse(e.value, nullptr, false);
  if (!value.is_object())
    return bad_event{"the value is no JSON object"};
  if (std::find(topic::all.begin(), topic::all.end(), e.topic) == topic::all.end())
    return bad_event{"an unknown topic"};
  try {
    if (e.topic == topic::notification_requested)
      return read_notification(value);
    event_value result;
    result.order_id = id(value, "orderId");
    read_members(e.topic, value, result);
    return result;
  } catch (const std::exception& error) {
    return bad_event{error.what()};
  }
}

} // namespace troupe
