#include "sim/order_sight.hpp"

#include "domain/lifecycle.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace troupe::sim {

namespace {

using nlohmann::json;

uint64_t digest(const std::string& text) {
  return std::hash<std::string>{}(text);
}

/// Throws `std::exception` for other shapes, as all that follow.
cents cents_of(const json& amount) {
  return cents_from_number(amount.get<double>()).value_or(-1);
}

template <class T>
T named(std::optional<T> (*from)(std::string_view), const json& name) {
  const auto value = from(name.get_ref<const std::string&>());
  if (!value)
    throw std::invalid_argument("unknown status");
  return *value;
}

order_essence essence_of(const json& body, bool& total_fits) {
  order_essence e;
  e.user = body.at("userId").get<std::string>();
  e.created_at = body.at("createdAt").get<std::string>();
  e.total = cents_of(body.at("totalAmount"));
  cents sum = 0;
  const auto& items = body.at("items");
  e.lines.reserve(items.size());
  for (const auto& line : items) {
    e.lines.push_back({line.at("productId").get<std::string>(), line.at("quantity").get<int64_t>(),
                       cents_of(line.at("price"))});
    sum += e.lines.back().price * e.lines.back().quantity;
  }
  total_fits = sum == e.total;
  e.items = digest(items.dump());
  const auto& address = body.at("shippingAddress");
  e.address = digest(address.dump());
  e.reference = address.value("reference", "");
  return e;
}

order_sight sight_of(const json& body) {
  order_sight s;
  s.id = body.at("id").get<std::string>();
  s.essence = essence_of(body, s.total_fits);
  s.status = named(order_status_from, body.at("status"));
  s.payment = named(payment_status_from, body.at("paymentStatus"));
  s.version = body.at("version").get<int>();
  for (const auto& row : body.at("statusHistory"))
    s.history.push_back({named(order_status_from, row.at("status")),
                         digest(row.at("timestamp").get<std::string>() + ' '
                                + row.at("message").get<std::string>())});
  return s;
}

constexpr payment_status all_payments[]
    = {payment_status::pending, payment_status::success, payment_status::failed,
       payment_status::refund_pending, payment_status::refunded};

} // namespace

std::string text_of(const std::vector<sighted_line>& lines) {
  std::string text;
  for (const auto& line : lines)
    text += fmt::format("{}{} x {} at {}.{:02}", text.empty() ? "" : "; ", line.product,
                        line.quantity, line.price / 100, line.price % 100);
  return text;
}

std::optional<order_sight> read_sight(const json& body) {
  try {
    return sight_of(body);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::vector<payment_status> payments_after(const std::vector<sighted_row>& history) {
  std::vector<order_standing> may;
  for (const auto& row : history) {
    std::vector<order_standing> next;
    for (const auto payment : all_payments) {
      const order_standing to{row.status, payment};
      const bool reached
          = &row == &history.front()
                ? legal_beginning(to)
                : std::any_of(may.begin(), may.end(),
                              [&](const order_standing& from) { return legal(from, to); });
      if (reached)
        next.push_back(to);
    }
    may = std::move(next);
  }
  std::vector<payment_status> payments;
  payments.reserve(may.size());
  for (const auto& standing : may)
    payments.push_back(standing.payment);
  return payments;
}

std::string flaw_of(const order_sight& s) {
  if (s.version != static_cast<int>(s.history.size()))
    return fmt::format("version {} with {} entries in its history", s.version, s.history.size());
  if (s.history.empty())
    return "no history";
  if (s.status != s.history.back().status)
    return fmt::format("status {} after {}", to_string(s.status),
                       to_string(s.history.back().status));
  if (!s.total_fits)
    return "its total is not the sum of its lines";
  const auto payments = payments_after(s.history);
  if (payments.empty())
    return "no legal sequence of states: " + statuses_of(s.history);
  if (std::find(payments.begin(), payments.end(), s.payment) == payments.end())
    return fmt::format("paymentStatus {} after {}", to_string(s.payment), statuses_of(s.history));
  return {};
}

std::string statuses_of(const std::vector<sighted_row>& history) {
  std::string text;
  for (const auto& row : history)
    text.append(text.empty() ? "" : " ").append(to_string(row.status));
  return text;
}

} // namespace troupe::sim
