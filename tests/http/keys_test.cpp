// Idempotency-Key on each route that takes one: what the actors are asked, and what clients read.

#include "http/who.hpp"
#include "shop.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe;
using namespace troupe::test;

namespace {

const header_lines with_key = {{"Idempotency-Key", "k"}};

struct keyed_route {
  const char *method, *path, *body;
};
constexpr keyed_route commands[] = {
    {"POST", "/orders/c1/process-payment", R"({"cardNumber":"4242424242424242"})"},
    {"POST", "/orders/c1/cancel", ""},
    {"PATCH", "/orders/c1/dispatch", R"({"courier":"DHL"})"},
    {"PATCH", "/orders/c1/deliver", "{}"},
};

} // namespace

TEST_CASE_FIXTURE(shop, "a creation's key, used again: replayed, or refused for another body") {
  answers.create = [](const create_request&) -> caf::result<create_answer> {
    return create_answer{sample_order(), true};
  };
  auto again = send("POST", "/orders", good_order, with_key);
  CHECK(again.status == 201);
  CHECK(again.header("Idempotent-Replayed") == "true");
  answers.create = [](const create_request&) -> caf::result<create_answer> {
    return make_fault(fault::key_reused);
  };
  check_problem(send("POST", "/orders", good_order, with_key), 422, "idempotency_key_reused");
}

TEST_CASE_FIXTURE(shop, "a creation's key is replayed when the stock has gone meanwhile") {
  answers.price = [](const std::vector<wanted_line>&) -> caf::result<quote> {
    quote q;
    q.short_of = {{"p1", 0}};
    return q;
  };
  check_problem(send("POST", "/orders", good_order, with_key), 409, "out_of_stock");
  answers.earlier = [](const idempotency& by) -> caf::result<earlier_use> {
    CHECK(by.scope == http::idempotency_scope("user-1", "POST", "/orders", "k"));
    return earlier_use{"c7", 1, http::idempotency_digest("k", good_order)};
  };
  auto again = send("POST", "/orders", good_order, with_key);
  CHECK(again.status == 201);
  CHECK(again.header("Idempotent-Replayed") == "true");
  CHECK(json_of(again)["id"] == "c7");
  CHECK(json_of(again)["version"] == 1);
  CHECK(json_of(again)["status"] == "CREATED");
  check_problem(send("POST", "/orders", good_order + " ", with_key), 422, "idempotency_key_reused");
  check_problem(send("POST", "/orders", good_order), 409, "out_of_stock");
}

TEST_CASE_FIXTURE(shop, "a command's key goes with it, in the scope of who asks, how and where") {
  order_request seen;
  answers.command = [&](const order_request& r) -> caf::result<order_answer> {
    seen = r;
    return order_answer{sample_order()};
  };
  for (const auto& [method, path, body] : commands) {
    CAPTURE(path);
    auto a = send(method, path, body, {{"Idempotency-Key", "k"}, {"X-User-Id", "ann"}});
    CHECK(a.status == 200);
    CHECK(a.header("Idempotent-Replayed").empty());
    REQUIRE(seen.key);
    CHECK(seen.key->scope == http::idempotency_scope("ann", method, path, "k"));
    CHECK(seen.key->body_hash == http::idempotency_digest("k", body));
    send(method, path, body);
    CHECK_FALSE(seen.key);
  }
}

TEST_CASE_FIXTURE(shop, "a command's key, used again: replayed, refused, or not yet answered") {
  for (const auto& [method, path, body] : commands) {
    CAPTURE(path);
    answers.command = [](const order_request&) -> caf::result<order_answer> {
      return order_answer{sample_order(), false, true};
    };
    auto again = send(method, path, body, with_key);
    CHECK(again.status == 200);
    CHECK(again.header("Idempotent-Replayed") == "true");
    answers.command = [](const order_request&) -> caf::result<order_answer> {
      return make_fault(fault::key_reused);
    };
    check_problem(send(method, path, body, with_key), 422, "idempotency_key_reused");
    answers.command = [](const order_request&) -> caf::result<order_answer> {
      return make_fault(fault::key_in_progress);
    };
    check_problem(send(method, path, body, with_key), 409, "key_in_progress");
  }
}

TEST_CASE_FIXTURE(shop, "a malformed key reaches no actor") {
  answers.command = [](const order_request&) -> caf::result<order_answer> {
    FAIL_CHECK("asked an order");
    return order_answer{};
  };
  for (const auto& [method, path, body] : commands) {
    CAPTURE(path);
    for (const std::string& bad : {std::string(), std::string("a b"), std::string(256, 'k')})
      check_problem(send(method, path, body, {{"Idempotency-Key", bad}}), 400,
                    "invalid_idempotency_key");
    check_problem(send(method, path, body, {{"Idempotency-Key", "a"}, {"Idempotency-Key", "a"}}),
                  400, "invalid_idempotency_key");
  }
}
