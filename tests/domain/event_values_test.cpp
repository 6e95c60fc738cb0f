// Reading the values of consumed events: what each consumer needs, and what makes a dead letter.

#include "domain/event_values.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace troupe;

namespace {

std::variant<event_value, bad_event> read(std::string_view topic, const std::string& value) {
  incoming_event e;
  e.topic = topic;
  e.value = value;
  return read_event(e);
}

event_value good(std::string_view topic, const std::string& value) {
  auto result = read(topic, value);
  auto* bad = std::get_if<bad_event>(&result);
  CAPTURE((bad == nullptr ? std::string() : bad->why));
  REQUIRE(bad == nullptr);
  return std::get<event_value>(result);
}

/// Why a value is refused; empty when it is not.
std::string why(std::string_view topic, const std::string& value) {
  auto result = read(topic, value);
  auto* bad = std::get_if<bad_event>(&result);
  return bad == nullptr ? std::string() : bad->why;
}

const nlohmann::json created
    = {{"orderId", "o1"},
       {"userId", "ada"},
       {"totalAmount", 39.98},
       {"items", {{{"productId", "p1"}, {"quantity", 2}}, {{"productId", "p2"}, {"quantity", 1}}}}};

std::string created_with(const std::string& member, const nlohmann::json& value) {
  auto changed = created;
  changed[member] = value;
  return changed.dump();
}

} // namespace

TEST_CASE("order-created tells user, lines and total, and may hold more") {
  auto v = good(topic::order_created, created_with("extra", {1, 2}));
  CHECK(v.order_id == "o1");
  CHECK(v.user_id == "ada");
  CHECK(v.total == 3998);
  CHECK(v.lines == std::vector<stock_line>{{"p1", 2}, {"p2", 1}});
}

TEST_CASE("lines of one product are merged, in order of appearance") {
  nlohmann::json items = {{{"productId", "b"}, {"quantity", 1}},
                          {{"productId", "a"}, {"quantity", 2}},
                          {{"productId", "b"}, {"quantity", 3}}};
  CHECK(good(topic::order_created, created_with("items", items)).lines
        == std::vector<stock_line>{{"b", 4}, {"a", 2}});
}

TEST_CASE("a malformed order-created is named by what is wrong") {
  const auto of = [](const std::string& member, const nlohmann::json& value) {
    return why(topic::order_created, created_with(member, value));
  };
  CHECK(of("orderId", nullptr) == "orderId must be a string");
  CHECK(of("orderId", "a b") == "orderId is no id");
  CHECK(of("orderId", std::string(65, 'x')) == "orderId is no id");
  CHECK(of("userId", 7) == "userId must be a string");
  CHECK(of("totalAmount", "19.99") == "totalAmount must be an amount");
  CHECK(of("totalAmount", -1) == "totalAmount must be an amount");
  CHECK(of("totalAmount", 1e300) == "totalAmount must be an amount");
  CHECK(of("items", nlohmann::json::array()) == "items must be a non-empty array");
  CHECK(of("items", {1}) == "an item must be an object");
  const auto quantity = [&](const nlohmann::json& q) {
    return of("items", nlohmann::json::array({{{"productId", "p"}, {"quantity", q}}}));
  };
  for (const nlohmann::json& q :
       {nlohmann::json(0), nlohmann::json(-1), nlohmann::json(1.5), nlohmann::json("1"),
        nlohmann::json(5'000'000'000), nlohmann::json(nullptr)})
    CHECK(quantity(q) == "quantity must be a positive integer");
  nlohmann::json much = {{{"productId", "p"}, {"quantity", 1'000'000'000}},
                         {{"productId", "p"}, {"quantity", 1'000'000'000}}};
  CHECK(of("items", much) == "quantity is too large");
}

TEST_CASE("each other topic tells what its consumers need") {
  CHECK(good(topic::order_cancelled, R"({"orderId":"o","userId":"u","reason":"r"})").reason == "r");
  CHECK(good(topic::payment_failed, R"({"orderId":"o","reason":"r"})").reason == "r");
  CHECK(good(topic::inventory_rejected, R"({"orderId":"o","reason":"r"})").reason == "r");
  CHECK(good(topic::payment_refunded, R"({"orderId":"o","amount":0.1})").amount == 10);
  CHECK(good(topic::payment_success, R"({"orderId":"o"})").order_id == "o");
  auto sent
      = good(topic::order_dispatched, R"({"orderId":"o","trackingNumber":"t","courier":null})");
  CHECK(sent.tracking_number == "t");
  CHECK(sent.courier.empty());
  CHECK_FALSE(why(topic::order_cancelled, R"({"orderId":"o","userId":"u"})").empty());
  CHECK_FALSE(why(topic::payment_refunded, R"({"orderId":"o"})").empty());
  CHECK_FALSE(why(topic::order_dispatched, R"({"orderId":"o","courier":1})").empty());
}

TEST_CASE("a notification may be about no order") {
  auto v = good(topic::notification_requested,
                R"({"userId":"admin","type":"ORDER","title":"t","message":"m"})");
  CHECK(v.user_id == "admin");
  CHECK(v.order_id.empty());
  CHECK(v.title == "t");
  CHECK_FALSE(why(topic::notification_requested,
                  R"({"userId":"admin","type":"NEWS","title":"t","message":"m"})")
                  .empty());
  CHECK_FALSE(why(topic::notification_requested,
                  R"({"userId":"admin","type":"ORDER","title":"t","message":"m","orderId":"a b"})")
                  .empty());
}

TEST_CASE("what is no event at all is refused, whatever the bytes") {
  for (const char* value : {"", "{", "[]", "null", "7", "\"x\"", "\xff\xfe", "{\"orderId\":\"o\""})
    CHECK_FALSE(why(topic::payment_success, value).empty());
  CHECK(why("no-such-topic", R"({"orderId":"o"})") == "an unknown topic");
  CHECK_FALSE(why(topic::payment_success, std::string(100'000, '[')).empty());
  incoming_event tombstone;
  tombstone.topic = topic::payment_success;
  tombstone.value = R"({"orderId":"o"})";
  tombstone.tombstone = true;
  CHECK(std::holds_alternative<bad_event>(read_event(tombstone)));
}
