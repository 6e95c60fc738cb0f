#include "http/order_input.hpp"
#include "http/query.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe;
using namespace troupe::http;

namespace {

std::string order_of(const std::string& items) {
  return R"({"items":)" + items + R"(,"shippingAddress":{"city":"Berlin"}})";
}

std::string lines(int count) {
  std::string result = "[";
  for (int i = 0; i < count; ++i)
    result += (i ? "," : "") + (R"({"quantity":1,"productId":"p)" + std::to_string(i) + R"("})");
  return result + "]";
}

request query(std::multimap<std::string, std::string> q) {
  request r;
  r.query = std::move(q);
  return r;
}

} // namespace

TEST_CASE("both shapes of a line, merged by product in the order of the first") {
  json_input in(order_of(R"([{"productId":"b","quantity":2},
    {"product":{"id":"a","price":1.5,"name":"x"},"quantity":1.0},
    {"productId":"b","quantity":3,"price":2,"unknown":[]}])"));
  auto order = read_order(in);
  REQUIRE(in.good());
  REQUIRE(order.lines.size() == 2);
  CHECK(order.lines[0].product_id == "b");
  CHECK(order.lines[0].quantity == 5);
  CHECK(order.lines[0].price == 200);
  CHECK(order.lines[1].product_id == "a");
  CHECK(order.lines[1].quantity == 1);
  CHECK(order.lines[1].price == 150);
  CHECK(order.shipping_address == R"({"city":"Berlin"})");
}

TEST_CASE("two prices of one product can never both be the catalogue's") {
  json_input in(order_of(R"([{"productId":"a","quantity":1,"price":1},
    {"productId":"a","quantity":1,"price":2}])"));
  CHECK(read_order(in).lines.at(0).price == -1);
}

TEST_CASE("bad orders, and where they are bad") {
  struct {
    std::string body, pointer;
  } table[] = {
      {R"({"shippingAddress":{"a":1}})", "#/items"},
      {order_of("[]"), "#/items"},
      {order_of("{}"), "#/items"},
      {order_of("null"), "#/items"},
      {order_of(lines(101)), "#/items"},
      {order_of("[1]"), "#/items/0"},
      {order_of(R"([{"quantity":1}])"), "#/items/0/productId"},
      {order_of(R"([{"productId":"a/b","quantity":1}])"), "#/items/0/productId"},
      {order_of(R"([{"productId":7,"quantity":1}])"), "#/items/0/productId"},
      {order_of(R"([{"product":{"id":""},"quantity":1}])"), "#/items/0/product/id"},
      {order_of(R"([{"product":"a","quantity":1}])"), "#/items/0/productId"},
      {order_of(R"([{"productId":"a"}])"), "#/items/0/quantity"},
      {order_of(R"([{"productId":"a","quantity":0}])"), "#/items/0/quantity"},
      {order_of(R"([{"productId":"a","quantity":-1}])"), "#/items/0/quantity"},
      {order_of(R"([{"productId":"a","quantity":1.5}])"), "#/items/0/quantity"},
      {order_of(R"([{"productId":"a","quantity":"1"}])"), "#/items/0/quantity"},
      {order_of(R"([{"productId":"a","quantity":10001}])"), "#/items/0/quantity"},
      {order_of(R"([{"productId":"a","quantity":10000},{"productId":"a","quantity":1}])"),
       "#/items/1/quantity"},
      {order_of(R"([{"productId":"a","quantity":1,"price":1.234}])"), "#/items/0/price"},
      {order_of(R"([{"productId":"a","quantity":1,"price":-1}])"), "#/items/0/price"},
      {order_of(R"([{"productId":"a","quantity":1,"price":"1"}])"), "#/items/0/price"},
      {order_of(R"([{"product":{"id":"a","price":true},"quantity":1}])"),
       "#/items/0/product/price"},
      {R"({"items":[{"productId":"a","quantity":1}]})", "#/shippingAddress"},
      {R"({"items":[{"productId":"a","quantity":1}],"shippingAddress":{}})", "#/shippingAddress"},
      {R"({"items":[{"productId":"a","quantity":1}],"shippingAddress":"x"})", "#/shippingAddress"},
      {R"({"items":[{"productId":"a","quantity":1}],"shippingAddress":[]})", "#/shippingAddress"},
      {R"({"items":[{"productId":"a","quantity":1}],"shippingAddress":{"a":")"
           + std::string(4096, 'x') + "\"}}",
       "#/shippingAddress"},
  };
  for (const auto& [body, pointer] : table) {
    CAPTURE(body);
    json_input in(body);
    read_order(in);
    REQUIRE(in.complaints().size() == 1);
    CHECK(in.complaints()[0].pointer == pointer);
  }
}

TEST_CASE("orders at the limits") {
  for (const auto& items : {lines(100), std::string(R"([{"productId":"a","quantity":9999},
       {"productId":"a","quantity":1}])")}) {
    json_input in(order_of(items));
    read_order(in);
    CHECK(in.good());
  }
}

TEST_CASE("every bad field is named at once") {
  json_input in(R"({"items":[{"productId":"!","quantity":0,"price":-1},1]})");
  read_order(in);
  CHECK(in.complaints().size() == 5);
}

TEST_CASE("payments: a card is 12 to 19 digits, and no complaint quotes it") {
  json_input none("", true);
  CHECK(read_payment(none).card_number.empty());
  CHECK(none.good());
  json_input good(R"({"paymentMethod":"CARD","cardNumber":"4000000000000002"})");
  auto payment = read_payment(good);
  CHECK(payment.method == "CARD");
  CHECK(payment.card_number == "4000000000000002");
  for (std::string bad : {"\"\"", "\"12345678901\"", "\"12345678901234567890\"",
                          "\"4000 0000 0000 0002\"", "4000000000000002", "\"400000000000000x\""}) {
    CAPTURE(bad);
    json_input in(R"({"cardNumber":)" + bad + "}");
    CHECK(read_payment(in).card_number.empty());
    REQUIRE(in.complaints().size() == 1);
    CHECK(in.complaints()[0].pointer == "#/cardNumber");
    CHECK(in.complaints()[0].detail.find("4000") == std::string::npos);
  }
}

TEST_CASE("the catalogue's filter") {
  complaints bad;
  auto f = read_product_filter(query({{"category", "home"},
                                      {"search", "50%_"},
                                      {"minPrice", "1.5"},
                                      {"maxPrice", "20.10"},
                                      {"limit", "7"},
                                      {"other", "x"}}),
                               bad);
  CHECK(bad.empty());
  CHECK(f.category == "home");
  CHECK(f.search == "50%_");
  CHECK(f.min_price == 150);
  CHECK(f.max_price == 2010);
  CHECK(f.limit == 7);
  CHECK(read_product_filter(query({}), bad).limit == 1000);
  CHECK_FALSE(read_product_filter(query({}), bad).min_price);
}

TEST_CASE("bad query parameters") {
  for (const auto& [name, value] :
       std::multimap<std::string, std::string>{{"limit", "0"},
                                               {"limit", "1001"},
                                               {"limit", "x"},
                                               {"limit", "1.0"},
                                               {"limit", ""},
                                               {"limit", "-1"},
                                               {"limit", "99999999999999999999"},
                                               {"minPrice", "x"},
                                               {"minPrice", "-1"},
                                               {"minPrice", "-0"},
                                               {"minPrice", ""},
                                               {"minPrice", "1.234"},
                                               {"minPrice", "1."},
                                               {"minPrice", "1.-2"},
                                               {"maxPrice", "1e3"},
                                               {"maxPrice", "NaN"},
                                               {"maxPrice", "99999999999999999999"},
                                               {"search", "\xff"},
                                               {"category", "\xc3"}}) {
    CAPTURE(name);
    CAPTURE(value);
    complaints bad;
    read_product_filter(query({{name, value}}), bad);
    REQUIRE(bad.size() == 1);
    CHECK(bad[0].pointer == "?" + name);
  }
}

TEST_CASE("switches") {
  complaints bad;
  for (auto on : {"true", "1", ""})
    CHECK(read_switch(query({{"unread", on}}), "unread", bad));
  for (auto off : {"false", "0"})
    CHECK_FALSE(read_switch(query({{"unread", off}}), "unread", bad));
  CHECK_FALSE(read_switch(query({}), "unread", bad));
  CHECK(bad.empty());
  read_switch(query({{"unread", "maybe"}}), "unread", bad);
  CHECK(bad.size() == 1);
}
