#include "http/views.hpp"

#include "domain/money.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace troupe;
using namespace troupe::http;
using namespace std::chrono_literals;

namespace {

using nlohmann::json;

timestamp stamp(std::chrono::microseconds after) {
  return timestamp{1'700'000'000s + after};
}

order shown_order() {
  order o;
  o.id = "c1";
  o.user_id = "user-1";
  o.status = order_status::payment_success;
  o.payment = payment_status::success;
  o.version = 3;
  o.total = 2550;
  o.shipping_address = R"({"city":"Köln","zip":50667})";
  o.lines = {{"i1", "p1", 2, 1275, "Lamp", "/lamp.jpg"}};
  o.history = {{order_status::created, payment_status::pending, stamp(1ms), "Order created"},
               {order_status::payment_pending, payment_status::pending, stamp(2ms), "Paying"},
               {order_status::payment_success, payment_status::success, stamp(3ms), "Paid"}};
  o.transaction_id = "tx-1";
  o.created_at = stamp(1ms);
  o.updated_at = stamp(3ms);
  return o;
}

product shown_product() {
  product p;
  p.id = "p1";
  p.name = "Lamp";
  p.description = "Bright";
  p.category = "home";
  p.image_url = "/lamp.jpg";
  p.price = 1275;
  p.stock = 10;
  p.reserved = 2;
  p.sold = 3;
  p.version = 4;
  p.created_at = stamp(0s);
  p.updated_at = stamp(5ms);
  return p;
}

json plain(const view& v) {
  return json::parse(text_of(v));
}

} // namespace

TEST_CASE("the order, field for field") {
  CHECK(json::parse(order_text(shown_order())) == json::parse(R"({
    "id":"c1","userId":"user-1",
    "items":[{"id":"i1","productId":"p1","quantity":2,"price":12.75,
              "product":{"id":"p1","name":"Lamp","price":12.75,"imageUrl":"/lamp.jpg"}}],
    "totalAmount":25.5,"status":"PAYMENT_SUCCESS","paymentStatus":"SUCCESS",
    "shippingAddress":{"city":"Köln","zip":50667},
    "createdAt":"2023-11-14T22:13:20.001Z","updatedAt":"2023-11-14T22:13:20.003Z",
    "statusHistory":[
      {"status":"CREATED","timestamp":"2023-11-14T22:13:20.001Z","message":"Order created"},
      {"status":"PAYMENT_PENDING","timestamp":"2023-11-14T22:13:20.002Z","message":"Paying"},
      {"status":"PAYMENT_SUCCESS","timestamp":"2023-11-14T22:13:20.003Z","message":"Paid"}],
    "version":3})"));
}

TEST_CASE("an order's text is one line, with its members in the contract's order") {
  auto o = shown_order();
  o.user_id = "a\"b\\c\n\x7f\xc3\xbc";
  o.lines[0].name = "broken \xff";
  o.shipping_address = "{\n \"b\": 1,\n \"a\": \"x\"}";
  const auto text = order_text(o);
  CHECK(text.starts_with(R"({"id":"c1","userId":"a\"b\\c\n)"));
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find(R"("shippingAddress":{"b":1,"a":"x"},"createdAt")") != std::string::npos);
  CHECK(text.ends_with(R"("message":"Paid"}],"version":3})"));
  const auto read = json::parse(text);
  CHECK(read["userId"] == o.user_id);
  CHECK(read["items"][0]["product"]["name"] == "broken \xef\xbf\xbd");
}

TEST_CASE("an address that is no JSON is null") {
  auto o = shown_order();
  for (const char* broken : {"", "{", "{\"a\":1} x", "{\"a\":\"\xff\"}"}) {
    o.shipping_address = broken;
    CHECK(json::parse(order_text(o))["shippingAddress"].is_null());
  }
}

TEST_CASE("orders are an array") {
  CHECK(orders_text({}) == "[]");
  CHECK(orders_text({shown_order()}) == "[" + order_text(shown_order()) + "]");
  CHECK(json::parse(orders_text({shown_order(), shown_order()})).size() == 2);
}

TEST_CASE("money is written as a number with at most two decimals") {
  auto o = shown_order();
  for (auto [amount, text] : {std::pair<cents, const char*>{0, "0.0"},
                              {1, "0.01"},
                              {29, "0.29"},
                              {110, "1.1"},
                              {999'999'999'999'999, "9999999999999.99"}}) {
    o.total = amount;
    CHECK(order_text(o).find(std::string(R"("totalAmount":)") + text + ",") != std::string::npos);
    CHECK(view(number_from_cents(amount)).dump() == text);
  }
}

TEST_CASE("a product in the catalogue, and as the admin sees it") {
  auto shown = json::parse(R"({"id":"p1","name":"Lamp","description":"Bright","price":12.75,
    "stock":10,"category":"home","imageUrl":"/lamp.jpg",
    "createdAt":"2023-11-14T22:13:20.000Z","updatedAt":"2023-11-14T22:13:20.005Z"})");
  CHECK(plain(product_view(shown_product())) == shown);
  shown.update(json::parse(R"({"reserved":2,"sold":3,"lowStock":true,"active":true,"version":4})"));
  CHECK(plain(inventory_view(shown_product(), 10)) == shown);
  CHECK(inventory_view(shown_product(), 9)["lowStock"] == false);
}

TEST_CASE("a notification; without an order its orderId is null") {
  notification n{"n1", "user-1", "ORDER", "Title", "Message", "c1", true, stamp(0s)};
  auto shown = json::parse(R"({"id":"n1","userId":"user-1","type":"ORDER","title":"Title",
    "message":"Message","orderId":"c1","isRead":true,"createdAt":"2023-11-14T22:13:20.000Z"})");
  CHECK(plain(notification_view(n)) == shown);
  n.order_id.clear();
  CHECK(notification_view(n)["orderId"].is_null());
}

TEST_CASE("a payment's answer") {
  auto o = shown_order();
  CHECK(plain(payment_view(o, false)) == json::parse(R"({"success":true,"message":"Paid",
    "orderId":"c1","status":"PAYMENT_SUCCESS","paymentStatus":"SUCCESS","transactionId":"tx-1"})"));

  o.status = order_status::confirmed;
  o.history.push_back({order_status::confirmed, payment_status::success, stamp(4ms), "Confirmed"});
  CHECK(payment_view(o, false)["message"] == "Paid");
  CHECK(payment_view(o, false)["status"] == "CONFIRMED");

  o.status = order_status::payment_failed;
  o.payment = payment_status::failed;
  o.transaction_id.clear();
  o.history[2] = {order_status::payment_failed, payment_status::failed, stamp(3ms), "Declined"};
  o.history.pop_back();
  CHECK(plain(payment_view(o, false)) == json::parse(R"({"success":false,"message":"Declined",
    "orderId":"c1","status":"PAYMENT_FAILED","paymentStatus":"FAILED"})"));

  o.status = order_status::payment_pending;
  o.payment = payment_status::pending;
  CHECK(payment_view(o, true)["success"] == false);
  CHECK(payment_view(o, true)["message"] == "Paying");
}

TEST_CASE("analytics") {
  order_figures f;
  f.by_status
      = {{"CREATED", 1},        {"PAYMENT_PENDING", 2}, {"PAYMENT_SUCCESS", 0}, {"CONFIRMED", 4},
         {"PAYMENT_FAILED", 1}, {"DISPATCHED", 0},      {"COMPLETED", 3},       {"CANCELLED", 5}};
  f.failed_payments = 2;
  f.total_revenue = 1000;
  f.revenue_today = 250;
  f.days = {{"2023-11-13", 750, 2}, {"2023-11-14", 250, 1}};
  f.top_products = {{"p1", "Lamp", 7, 1000}};
  CHECK(plain(analytics_view(f, 99)) == json::parse(R"({
    "totalOrders":16,"successfulOrders":3,"failedPayments":2,"pendingOrders":3,
    "revenueToday":2.5,"totalRevenue":10.0,"totalProducts":99,
    "ordersByStatus":{"CREATED":1,"PAYMENT_PENDING":2,"PAYMENT_SUCCESS":0,"CONFIRMED":4,
      "PAYMENT_FAILED":1,"DISPATCHED":0,"COMPLETED":3,"CANCELLED":5},
    "averageOrderValue":3.33,
    "revenueByDay":[{"date":"2023-11-13","revenue":7.5,"orders":2},
                    {"date":"2023-11-14","revenue":2.5,"orders":1}],
    "topProducts":[{"productId":"p1","name":"Lamp","quantity":7,"revenue":10.0}]})"));
  f.by_status["COMPLETED"] = 0;
  CHECK(analytics_view(f, 0)["averageOrderValue"] == 0.0);
}

TEST_CASE("broken UTF-8 does not break an answer") {
  notification n;
  n.title = "\xff";
  CHECK(json::parse(text_of(notification_view(n)))["title"] == "\xef\xbf\xbd");
}
