#pragma once
// The routes of a shop whose actors are faked, open or guarded by a token.

#include "fake_shop.hpp"

#include <doctest/doctest.h>

#include <string>

namespace troupe::test {

inline const std::string good_order
    = R"({"items":[{"productId":"p1","quantity":2,"price":10}],"shippingAddress":{"city":"Berlin"}})";

/// The problem's members that every error has, and its status twice.
inline void check_problem(const http_answer& a, int status, const std::string& code) {
  CAPTURE(a.body);
  CHECK(a.status == status);
  CHECK(a.header("Content-Type").starts_with("application/problem+json"));
  auto body = json_of(a);
  REQUIRE(body.is_object());
  CHECK(body["status"] == status);
  CHECK(body["code"] == code);
  CHECK(body["title"] == body["error"]);
  CHECK(body["type"].is_string());
  CHECK(body["instance"].is_string());
  const bool for_now = status == 503 || status == 429 || code == "key_in_progress";
  CHECK(for_now == !a.header("Retry-After").empty());
}

inline http::api_options guarded() {
  http::api_options o;
  o.admin_token = "secret";
  return o;
}

struct shop : fake_shop {};
struct guarded_shop : fake_shop {
  guarded_shop() : fake_shop(guarded()) {}
};

} // namespace troupe::test
