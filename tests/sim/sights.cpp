#include "tests/sim/sights.hpp"

#include <fmt/format.h>

namespace troupe::sim::test {

using st = order_status;

nlohmann::json order_json(const std::string& id, std::initializer_list<order_status> steps,
                          payment_status payment) {
  auto history = nlohmann::json::array();
  for (const auto step : steps)
    history.push_back({{"status", to_string(step)},
                       {"timestamp", fmt::format("2026-11-30T09:00:{:02}.000Z", history.size())},
                       {"message", "so it is"}});
  const nlohmann::json line{
      {"id", id + "-1"},
      {"productId", "pen"},
      {"quantity", 2},
      {"price", 1.5},
      {"product", {{"id", "pen"}, {"name", "Pen"}, {"price", 1.5}, {"imageUrl", ""}}}};
  return {{"id", id},
          {"userId", ada},
          {"items", nlohmann::json::array({line})},
          {"totalAmount", 3},
          {"status", to_string(*(steps.end() - 1))},
          {"paymentStatus", to_string(payment)},
          {"shippingAddress", {{"name", "Ada"}, {"reference", "w1"}}},
          {"createdAt", "2026-11-30T09:00:00.000Z"},
          {"updatedAt", history.back()["timestamp"]},
          {"statusHistory", history},
          {"version", history.size()}};
}

order_sight sight(const std::string& id, std::initializer_list<order_status> steps,
                  payment_status payment) {
  return read_sight(order_json(id, steps, payment)).value();
}

nlohmann::json notification_json(const std::string& id, const std::string& order,
                                 const std::string& title) {
  return {{"id", id},           {"userId", ada},
          {"type", "ORDER"},    {"title", title},
          {"message", "Hello"}, {"orderId", order},
          {"isRead", false},    {"createdAt", "2026-11-30T09:00:00.000Z"}};
}

honest_shop::honest_shop() {
  book.sending(ada, "w1", two_pens, true);
  book.created(ada, "w1", sight("o1", {st::created}, payment_status::pending), "\"1\"", false);
  book.paying("o1", true);
  book.paid("o1", true, "t1");
  const char* titles[] = {"Order received", "Payment received", "Order confirmed"};
  for (const char* title : titles) {
    const auto n = notification_json(std::string("n-") + title, "o1", title);
    book.notified_by_stream(ada, n, static_cast<int64_t>(now.notifications.size()) + 1,
                            static_cast<int64_t>(now.notifications.size()));
    now.notifications.insert(now.notifications.begin(), read_notification(n).value());
  }
  is(sight("o1", {st::created, st::payment_pending, st::payment_success, st::confirmed},
           payment_status::success));
}

void honest_shop::is(const order_sight& s) {
  std::erase_if(now.listed, [&](const order_sight& o) { return o.id == s.id; });
  now.listed.push_back(s);
  now.asked[s.id] = s;
  book.saw(s, 0, "", "test");
}

std::string promises(const std::vector<violation>& found) {
  std::string text;
  for (const auto& v : found)
    text.append(text.empty() ? "" : ", ").append(v.promise);
  return text;
}

} // namespace troupe::sim::test
