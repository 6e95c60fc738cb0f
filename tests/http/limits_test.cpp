// What is answered to those who ask too often, and what is counted of it.

#include "http/request_rates.hpp"
#include "shop.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

/// So slow a rate that no test sees a token come back.
constexpr http::rate two_an_hour{.per_minute = 1, .burst = 2};

http::api_options limited(http::rate per_user, http::rate per_address) {
  http::api_options options;
  options.per_user = per_user;
  options.per_address = per_address;
  return options;
}

bool counts(fake_shop& shop, const std::string& why, int times) {
  const auto line = "troupe_http_refused_total{why=\"" + why + "\"} " + std::to_string(times);
  return shop.get("/metrics").body.find(line + "\n") != std::string::npos;
}

} // namespace

TEST_CASE("a user who asks too often gets 429, and others go on") {
  fake_shop shop(limited(two_an_hour, {}));
  const header_lines ada = {{"X-User-Id", "ada"}};
  CHECK(shop.get("/orders/c1", ada).status == 200);
  CHECK(shop.get("/orders/c2", ada).status == 200);
  const auto refused = shop.get("/orders/c1", ada);
  check_problem(refused, 429, "rate_limited");
  CHECK(std::stoi(refused.header("Retry-After")) >= 58);
  CHECK(std::stoi(refused.header("Retry-After")) <= 60);
  CHECK(shop.get("/orders/c1", {{"X-User-Id", "eve"}}).status == 200);
  CHECK(counts(shop, "rate_user", 1));
}

TEST_CASE("the user counts who the request acts as, wherever it is told") {
  fake_shop shop(limited(two_an_hour, {}));
  const std::string by_ada = R"({"userId":"ada",)" + good_order.substr(1);
  CHECK(shop.send("POST", "/orders", by_ada).status == 201);
  CHECK(shop.get("/orders/c1?userId=ada").status == 200);
  check_problem(shop.send("POST", "/orders", by_ada), 429, "rate_limited");
  check_problem(shop.get("/orders/c1", {{"X-User-Id", "ada"}}), 429, "rate_limited");
  CHECK(shop.get("/products", {{"X-User-Id", "ada"}}).status == 200); // acts as nobody
}

TEST_CASE("an order that is refused for its user's rate is not created") {
  fake_shop shop(limited({.per_minute = 1, .burst = 1}, {}));
  bool created = false;
  CHECK(shop.get("/orders/c1").status == 200);
  shop.answers.create = [&](const create_request&) -> caf::result<create_answer> {
    created = true;
    return create_answer{};
  };
  check_problem(shop.send("POST", "/orders", good_order), 429, "rate_limited");
  CHECK_FALSE(created);
}

TEST_CASE("an address that asks too often gets 429 for everything but health and metrics") {
  fake_shop shop(limited({}, two_an_hour));
  CHECK(shop.get("/products").status == 200);
  CHECK(shop.get("/nowhere").status == 404);
  check_problem(shop.get("/products"), 429, "rate_limited");
  check_problem(shop.get("/nowhere"), 429, "rate_limited");
  check_problem(shop.get("/orders/c1", {{"X-Forwarded-For", "1.2.3.4"}}), 429, "rate_limited");
  shop.health.set_phase("serving");
  for (const auto* path : {"/health", "/health/live", "/health/ready", "/metrics"})
    CHECK(shop.get(path).status == 200);
  CHECK(counts(shop, "rate_address", 3));
}

TEST_CASE("IPv6 addresses of one network share a limit") {
  metrics count;
  http::request_rates rates({}, {.per_minute = 1, .burst = 1}, count);
  CHECK_FALSE(rates.check_address("2001:db8:0:1::1"));
  CHECK(rates.check_address("2001:db8:0:1:ffff::2"));
  CHECK_FALSE(rates.check_address("2001:db8:0:2::1"));
}

TEST_CASE("what is refused at the bound in flight is counted") {
  http::api_options options;
  options.answer_within = 20ms;
  http::gateway_options bounds;
  bounds.max_in_flight = 1;
  fake_shop shop(options, bounds);
  shop.answers.silent = true;
  check_problem(shop.get("/orders/c1"), 503, "timeout");
  check_problem(shop.get("/orders/c1"), 503, "busy");
  CHECK(counts(shop, "in_flight", 1));
  CHECK(counts(shop, "memory", 0));
}

TEST_CASE("what is refused for want of memory is counted") {
  http::gateway_options bounds;
  bounds.overloaded = [] { return true; };
  fake_shop shop({}, bounds);
  check_problem(shop.get("/orders/c1"), 503, "busy");
  CHECK(counts(shop, "memory", 1));
}
