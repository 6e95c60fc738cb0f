// What the order's steps say: the message in the history, and the events of the contract.

#include "tests/domain/sample_orders.hpp"

#include <nlohmann/json.hpp>

using namespace troupe;
using namespace troupe::test;
using nlohmann::json;

TEST_CASE("what the customer reads and the services hear") {
  auto o = make_order("PENDING");
  auto c = command_for(on::charged, o);
  auto d = decide(o, c, within);
  CHECK(step_of(d).transaction_id == "tx-new");
  CHECK(step_of(d).message == "Payment received");
  CHECK(topics(step_of(d)) == strings{"payment-success"});
  CHECK(step_of(d).events[0].value == R"({"orderId":"c00000000000000000000order"})");

  c = command_for(on::declined, o);
  c.reason = "insufficient funds";
  d = decide(o, c, within);
  CHECK(step_of(d).transaction_id.empty());
  CHECK(step_of(d).message == "Payment failed: insufficient funds");
  CHECK(topics(step_of(d)) == strings{"payment-failed"});
  CHECK(step_of(d).events[0].value
        == R"({"orderId":"c00000000000000000000order","reason":"insufficient funds"})");

  d = run(make_order("SUCCESS"), on::inventory_updated);
  CHECK(step_of(d).message == "Order confirmed");
  CHECK(step_of(d).transaction_id == "tx-1");
  CHECK(topics(step_of(d)) == strings{"notification-requested"});
  CHECK(json::parse(step_of(d).events[0].value)
        == json::parse(R"({"userId":"user-7","type":"ORDER","title":"Order confirmed","message":
    "Your order c00000000000000000000order is confirmed and is being prepared.",
    "orderId":"c00000000000000000000order"})"));

  d = run(make_order("XR+"), on::payment_refunded);
  CHECK(step_of(d).message == "Refund of 12.05 completed");
  CHECK(topics(step_of(d)) == strings{"notification-requested"});
  CHECK(json::parse(step_of(d).events[0].value)
        == json::parse(R"({"userId":"user-7","type":"PAYMENT","title":"Refund completed","message":
    "We have refunded 12.05 for your order c00000000000000000000order.",
    "orderId":"c00000000000000000000order"})"));
}

TEST_CASE("dispatch tells what it knows, deliver tells when") {
  const auto o = make_order("CONFIRMED");
  auto c = command_for(on::dispatch, o);
  auto d = decide(o, c, within);
  CHECK(step_of(d).message == "Order dispatched");
  CHECK(topics(step_of(d)) == strings{"order-dispatched"});
  CHECK(step_of(d).events[0].value == R"({"orderId":"c00000000000000000000order"})");
  c.tracking_number = "JD\x01"
                      "014\xff";
  c.courier = "Größe & Co";
  d = decide(o, c, within);
  CHECK(step_of(d).message
        == "Order dispatched with Größe & Co, tracking number JD 014\xEF\xBF\xBD");
  CHECK(json::parse(step_of(d).events[0].value)
        == json::parse(R"({"orderId":"c00000000000000000000order",
    "trackingNumber":"JD 014\ufffd","courier":"Größe & Co"})"));

  d = run(make_order("DISPATCHED"), on::deliver);
  CHECK(topics(step_of(d)) == strings{"order-completed"});
  CHECK(step_of(d).events[0].value
        == R"({"completedAt":"2023-11-14T22:13:20.000Z","orderId":"c00000000000000000000order"})");
}

TEST_CASE("a cancellation says why, and that money comes back if it does") {
  struct row {
    const char* from;
    on verb;
    const char* given;
    const char* reason;
    const char* message;
  };
  const row expected[] = {
      {"CREATED", on::cancel, "", "cancelled by the customer",
       "Order cancelled: cancelled by the customer"},
      {"CREATED", on::deadline, "", "expired", "Order cancelled: it was not paid in time"},
      {"FAILED", on::inventory_rejected, "not enough stock", "not enough stock",
       "Order cancelled: not enough stock"},
      {"SUCCESS", on::inventory_rejected, "", "not enough stock",
       "Order cancelled: not enough stock; your refund is on its way"},
      {"CONFIRMED", on::cancel, "changed my mind", "changed my mind",
       "Order cancelled: changed my mind; your refund is on its way"},
  };
  for (const auto& r : expected) {
    const auto o = make_order(r.from);
    auto c = command_for(r.verb, o);
    c.reason = r.given;
    const auto d = decide(o, c, within);
    CHECK(step_of(d).message == r.message);
    CHECK(topics(step_of(d)) == strings{"order-cancelled"});
    CHECK(step_of(d).events[0].value
          == R"({"orderId":"c00000000000000000000order","reason":")" + std::string(r.reason)
                 + R"(","userId":"user-7"})");
  }
}
