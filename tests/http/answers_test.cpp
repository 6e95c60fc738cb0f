// Answers that no route makes by itself: faults, deadlines, bounds, stopping, health and metrics.

#include "shop.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE_FIXTURE(shop, "every fault has its line in the table") {
  struct {
    fault what;
    int status;
    const char* code;
  } table[] = {{fault::not_found, 404, "not_found"},
               {fault::wrong_state, 409, "wrong_state"},
               {fault::payment_in_progress, 409, "payment_in_progress"},
               {fault::order_cancelled, 409, "order_cancelled"},
               {fault::key_reused, 422, "idempotency_key_reused"},
               {fault::key_in_progress, 409, "key_in_progress"},
               {fault::busy, 503, "busy"},
               {fault::unavailable, 503, "unavailable"},
               {fault::quarantined, 503, "quarantined"},
               {fault::internal, 500, "internal_error"}};
  for (const auto& [what, status, code] : table) {
    answers.view = [what = what](const std::string&, const std::string&) -> caf::result<order> {
      return make_fault(what);
    };
    check_problem(get("/orders/c1"), status, code);
  }
}

TEST_CASE_FIXTURE(shop, "an actor that throws is a 503, and its words stay inside") {
  answers.view = [](const std::string&, const std::string&) -> caf::result<order> {
    throw std::runtime_error("select password from users");
  };
  auto a = get("/orders/c1");
  check_problem(a, 503, "unavailable");
  CHECK(a.body.find("password") == std::string::npos);
  check_problem(get("/orders/c1"), 503, "unavailable"); // it is dead now
}

TEST_CASE("a question that nobody answers is a 503 after its deadline") {
  http::api_options options;
  options.answer_within = 50ms;
  fake_shop shop(options);
  shop.answers.silent = true;
  check_problem(shop.get("/orders/c1"), 503, "timeout");
  CHECK(shop.calls().in_flight(http::line::orders) == 1); // it may still be answered
  CHECK(shop.get("/products").status == 200);
}

TEST_CASE("a line that is full answers 503 at once, and the others go on") {
  http::api_options options;
  options.answer_within = 50ms;
  http::gateway_options bounds;
  bounds.max_in_flight = 2;
  fake_shop shop(options, bounds);
  shop.answers.silent = true;
  check_problem(shop.get("/orders/c1"), 503, "timeout");
  check_problem(shop.get("/orders/c1"), 503, "timeout");
  check_problem(shop.get("/orders/c1"), 503, "busy");
  CHECK(shop.get("/products").status == 200);
}

TEST_CASE("what nobody will ever answer stops counting") {
  http::api_options options;
  options.answer_within = 20ms;
  http::gateway_options bounds;
  bounds.max_in_flight = 1;
  bounds.forget_after = 20ms;
  fake_shop shop(options, bounds);
  shop.answers.silent = true;
  check_problem(shop.get("/orders/c1"), 503, "timeout");
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (shop.calls().in_flight(http::line::orders) > 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(1ms);
  CHECK(shop.calls().in_flight(http::line::orders) == 0);
}

TEST_CASE("a client is not served from an answer that came after its deadline") {
  http::api_options options;
  options.answer_within = 0ms;
  fake_shop shop(options);
  std::atomic<bool> created = false;
  shop.answers.price = [](const std::vector<wanted_line>&) -> caf::result<quote> {
    std::this_thread::sleep_for(100ms); // past several ticks: the client has its 503
    return quote{};
  };
  shop.answers.create = [&](const create_request&) -> caf::result<create_answer> {
    created = true;
    return create_answer{};
  };
  check_problem(shop.send("POST", "/orders", good_order), 503, "timeout");
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (shop.calls().in_flight(http::line::catalogue) > 0
         && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(1ms);
  CHECK(shop.calls().in_flight(http::line::catalogue) == 0);
  CHECK_FALSE(created);
}

TEST_CASE_FIXTURE(shop, "stopping answers whoever waits, and refuses the next") {
  answers.silent = true;
  http_answer waiting;
  std::thread client([&] { waiting = get("/orders/c1"); });
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (calls().in_flight(http::line::orders) == 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(1ms);
  calls().stop();
  client.join();
  check_problem(waiting, 503, "unavailable");
  check_problem(get("/orders/c1"), 503, "unavailable");
}

TEST_CASE_FIXTURE(shop, "while the backend is closed routes answer 503") {
  behind().close();
  check_problem(get("/products"), 503, "unavailable");
  check_problem(send("POST", "/orders", good_order), 503, "unavailable");
  CHECK(get("/health/live").status == 200);
}

TEST_CASE_FIXTURE(shop, "readiness: phase first, then the dependencies") {
  auto ready = [&] { return get("/health/ready"); };
  CHECK(ready().status == 503);
  CHECK(json_of(ready())["status"] == "starting");
  health.set_phase("serving");
  health.set("order", "database", {health::up, ""});
  health.set("order", "kafka", {health::degraded, "no broker answers"});
  auto a = ready();
  CHECK(a.status == 200);
  CHECK(json_of(a) == nlohmann::json::parse(R"({"status":"degraded","checks":{
    "order.database":{"status":"up"},
    "order.kafka":{"status":"degraded","detail":"no broker answers"}}})"));
  health.set("order", "database", {health::down, ""});
  CHECK(ready().status == 503);
  CHECK(json_of(ready())["status"] == "down");
  CHECK(get("/health").status == 503);
  CHECK(get("/health/live").status == 200);
  health.set("order", "database", {health::up, ""});
  health.set_phase("draining");
  CHECK(ready().status == 503);
  CHECK(json_of(ready())["status"] == "draining");
}

TEST_CASE_FIXTURE(shop, "metrics count by route, method and class of status") {
  get("/orders/c1");
  get("/orders/c2");
  get("/orders/a%20b");
  get("/nowhere/at/all");
  auto a = get("/metrics");
  CHECK(a.status == 200);
  CHECK(a.header("Content-Type").starts_with("text/plain"));
  CHECK(
      a.body.find(
          R"(troupe_http_requests_total{method="GET",route="/orders/:id",server="test",status="2xx"} 2)")
      != std::string::npos);
  CHECK(a.body.find(R"(route="/orders/:id",server="test",status="4xx"} 1)") != std::string::npos);
  CHECK(a.body.find(R"(route="none",server="test",status="4xx"} 1)") != std::string::npos);
  CHECK(a.body.find("nowhere") == std::string::npos);
  CHECK(a.body.find("troupe_http_request_seconds_bucket") != std::string::npos);
}

TEST_CASE_FIXTURE(shop, "another method is 405, another path 404") {
  auto a = send("DELETE", "/orders/c1");
  CHECK(a.status == 405);
  CHECK(a.header("Allow").find("GET") != std::string::npos);
  CHECK(get("/nothing").status == 404);
}
