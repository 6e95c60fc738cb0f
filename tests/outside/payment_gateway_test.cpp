#include "outside/payment_gateway.hpp"

#include "raw_server.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <future>
#include <set>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr const char* captured_body = R"({"key":"o1:1","status":"captured","transactionId":"t1"})";

gateway_options options_for(const std::string& url) {
  gateway_options options;
  options.url = url;
  options.call_limit = 3000ms;
  options.charge_limit = 15000ms;
  return options;
}

charge_request request(const std::string& key = "o1:1") {
  return {key, "o1", 1999, "4242424242424242", "card", "00-ab-cd-01"};
}

// Answers of one kind, counted, so that a second call of the same callback shows.
template <class Reply>
struct answers {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Reply> all;

  std::function<void(Reply)> take() {
    return [this](Reply reply) {
      std::lock_guard lock(mutex);
      all.push_back(std::move(reply));
      changed.notify_all();
    };
  }
  std::vector<Reply> await(size_t count) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, 20s, [&] { return all.size() >= count; });
    return all;
  }
};

gateway_reply charge_once(const gateway_options& options, const charge_request& what = request()) {
  answers<gateway_reply> got;
  std::vector<gateway_reply> all;
  {
    auto gateway = make_payment_gateway(options);
    gateway->charge(what, got.take());
    all = got.await(1);
  }
  REQUIRE(got.all.size() == 1); // also after the client's end: once
  return all.front();
}

} // namespace

TEST_CASE("a charge carries its key, amount, card and trace, and is understood") {
  raw_server server([](const raw_request&) { return json_answer(201, captured_body); });
  auto reply = charge_once(options_for(server.url()));
  CHECK(reply.answer == gateway_answer::captured);
  CHECK(reply.transaction_id == "t1");
  auto sent = server.requests().at(0);
  CHECK(sent.head.starts_with("POST /charges HTTP/1.1\r\n"));
  CHECK(sent.header("idempotency-key") == "o1:1");
  CHECK(sent.header("traceparent") == "00-ab-cd-01");
  auto body = nlohmann::json::parse(sent.body);
  CHECK(body.at("orderId") == "o1");
  CHECK(body.at("amount") == 1999);
  CHECK(body.at("card") == "4242424242424242");
}

TEST_CASE("what an answer means") {
  struct line {
    int status;
    std::string body;
    gateway_answer meaning;
    int requests; // 3: it was worth trying again
  };
  const std::string declined = R"({"key":"o1:1","status":"declined","reason":"no funds"})";
  const std::string voided = R"({"key":"o1:1","status":"voided","reason":"r"})";
  for (const auto& [status, body, meaning, requests] : std::vector<line>{
           {200, captured_body, gateway_answer::captured, 1},
           {201, captured_body, gateway_answer::captured, 1},
           {402, declined, gateway_answer::declined, 1},
           {409, voided, gateway_answer::voided, 1},
           {402, captured_body, gateway_answer::unknown, 1},
           {500, captured_body, gateway_answer::unknown, 3},
           {503, "", gateway_answer::unknown, 3},
           {429, "", gateway_answer::unknown, 3},
           {400, declined, gateway_answer::unknown, 1},
           {404, "", gateway_answer::unknown, 1},
           {422, declined, gateway_answer::unknown, 1},
           {302, "", gateway_answer::unknown, 3},
           {200, "garbage", gateway_answer::unknown, 3},
           {200, "[]", gateway_answer::unknown, 3},
           {200, R"({"key":"o1:1","status":"captured"})", gateway_answer::unknown, 3},
           {200, R"({"key":"other","status":"captured","transactionId":"t"})",
            gateway_answer::unknown, 3},
           {200, R"({"key":"o1:1","status":"captured","transactionId":"a\u0000b"})",
            gateway_answer::unknown, 3},
           {200, R"({"key":"o1:1","status":7,"transactionId":"t"})", gateway_answer::unknown, 3},
       }) {
    CAPTURE(status);
    CAPTURE(body);
    raw_server server([&, status = status, body = body](const raw_request&) {
      auto answer = json_answer(status, body);
      if (status == 302)
        answer.bytes.insert(answer.bytes.find("\r\n") + 2, "Location: /elsewhere\r\n");
      return answer;
    });
    auto reply = charge_once(options_for(server.url()));
    CHECK(reply.answer == meaning);
    CHECK(server.requests().size() == static_cast<size_t>(requests));
    for (const auto& sent : server.requests())
      CHECK(sent.header("idempotency-key") == "o1:1");
  }
}

TEST_CASE("a charge is tried again with its key until somebody answers") {
  raw_server server([](const raw_request& r) {
    if (r.number == 1)
      return json_answer(500, "");
    if (r.number == 2)
      return raw_answer{"", true, false};
    return json_answer(200, captured_body);
  });
  auto options = options_for(server.url());
  options.call_limit = 1000ms; // one of the three is never answered
  CHECK(charge_once(options).answer == gateway_answer::captured);
  CHECK(server.requests().size() == 3);
}

TEST_CASE("a broken connection is unknown, and tried again") {
  raw_server server([](const raw_request& r) {
    if (r.number == 1)
      return raw_answer{"", false, true};
    if (r.number == 2)
      return raw_answer{"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"ke", false, true};
    return json_answer(200, captured_body);
  });
  CHECK(charge_once(options_for(server.url())).answer == gateway_answer::captured);
}

TEST_CASE("a charge keeps to its limit, however often it is tried") {
  raw_server server([](const raw_request&) { return raw_answer{"", true, false}; });
  auto options = options_for(server.url());
  options.tries = 50;
  options.call_limit = 200ms;
  options.charge_limit = 700ms;
  auto start = clock_type::now();
  CHECK(charge_once(options).answer == gateway_answer::unknown);
  auto took = clock_type::now() - start;
  CHECK(took >= 300ms);
  CHECK(took < 5000ms);
  CHECK(server.requests().size() >= 2);
}

TEST_CASE("nobody listening is unknown") {
  auto options = options_for("http://127.0.0.1:" + std::to_string(unused_port()));
  auto gateway = make_payment_gateway(options);
  CHECK_FALSE(gateway->reachable());
  answers<gateway_reply> got;
  gateway->charge(request(), got.take());
  CHECK(got.await(1).at(0).answer == gateway_answer::unknown);
  CHECK_FALSE(gateway->reachable());
}

TEST_CASE("an answer without end is cut off") {
  raw_server server([](const raw_request&) {
    return json_answer(200, R"({"key":"o1:1","status":"captured","transactionId":"t1","pad":")"
                                + std::string(200'000, 'x') + "\"}");
  });
  CHECK(charge_once(options_for(server.url())).answer == gateway_answer::unknown);
}

TEST_CASE("void and refund speak their part and are not tried again") {
  raw_server server([](const raw_request& r) {
    if (r.head.find("/void ") != std::string::npos)
      return json_answer(200, R"({"key":"o1:1","status":"voided","reason":"by request"})");
    if (r.header("idempotency-key") == "refund:o1:1")
      return json_answer(201, R"({"key":"refund:o1:1","status":"refunded"})");
    if (r.header("idempotency-key") == "refund:o1:2")
      return json_answer(409, R"({"key":"refund:o1:2","status":"refused","reason":"no"})");
    return json_answer(500, "");
  });
  auto gateway = make_payment_gateway(options_for(server.url()));
  answers<gateway_reply> voids;
  gateway->void_charge("o1:1", voids.take());
  CHECK(voids.await(1).at(0).answer == gateway_answer::voided);
  CHECK(server.requests().at(0).head.starts_with("POST /charges/o1%3A1/void "));

  answers<refund_reply> refunds;
  gateway->refund("refund:o1:1", "o1:1", 1999, refunds.take());
  CHECK(refunds.await(1).at(0).answer == refund_answer::refunded);
  auto body = nlohmann::json::parse(server.requests().at(1).body);
  CHECK(body == nlohmann::json{{"chargeKey", "o1:1"}, {"amount", 1999}});
  gateway->refund("refund:o1:2", "o1:2", 5, refunds.take());
  CHECK(refunds.await(2).at(1).answer == refund_answer::refused);
  CHECK(refunds.all.at(1).reason == "no");
  gateway->refund("refund:o1:3", "o1:3", 5, refunds.take());
  CHECK(refunds.await(3).at(2).answer == refund_answer::unknown);
  CHECK(server.requests().size() == 4);
}

TEST_CASE("connections are kept, and no more calls are in flight than allowed") {
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  std::promise<void> open;
  auto gate = open.get_future().share();
  raw_server server([&](const raw_request& r) {
    int count = ++now;
    for (int seen = most; seen < count && !most.compare_exchange_weak(seen, count);) {
    }
    gate.wait();
    --now;
    return json_answer(200, R"({"key":")" + r.header("idempotency-key")
                                + R"(","status":"captured","transactionId":"t"})");
  });
  auto options = options_for(server.url());
  options.in_flight = 4;
  options.call_limit = 5000ms;
  options.charge_limit = 10000ms;
  auto gateway = make_payment_gateway(options);
  answers<gateway_reply> got;
  for (int i = 0; i < 40; ++i)
    gateway->charge(request(std::to_string(i) + ":1"), got.take());
  REQUIRE(server.await_requests(4));
  for (auto start = clock_type::now(); now < 4 && clock_type::now() - start < 10s;)
    std::this_thread::sleep_for(1ms); // read, but not yet counted
  open.set_value();
  auto all = got.await(40);
  REQUIRE(all.size() == 40);
  for (const auto& one : all)
    CHECK(one.answer == gateway_answer::captured);
  CHECK(most.load() == 4);
  CHECK(server.connections() <= 5); // and one for the probe
  CHECK(gateway->reachable());
}

TEST_CASE("past the queue's bound the answer is unknown at once, on the caller's thread") {
  raw_server server([](const raw_request&) { return raw_answer{"", true, false}; });
  auto options = options_for(server.url());
  options.in_flight = 1;
  options.waiting = 2;
  auto gateway = make_payment_gateway(options);
  answers<gateway_reply> waiting;
  for (int i = 0; i < 3; ++i)
    gateway->charge(request(), waiting.take());
  bool told = false;
  auto caller = std::this_thread::get_id();
  gateway->void_charge("o1:1", [&](const gateway_reply& reply) {
    told = reply.answer == gateway_answer::unknown && std::this_thread::get_id() == caller;
  });
  CHECK(told);
  gateway.reset();
  CHECK(waiting.all.size() == 3);
}

TEST_CASE("what waits too long for its turn is answered in time") {
  raw_server server([](const raw_request&) { return raw_answer{"", true, false}; });
  auto options = options_for(server.url());
  options.in_flight = 1;
  options.call_limit = 400ms;
  auto gateway = make_payment_gateway(options);
  answers<gateway_reply> got;
  auto start = clock_type::now();
  for (int i = 0; i < 20; ++i)
    gateway->void_charge("o1:" + std::to_string(i + 1), got.take());
  CHECK(got.await(20).size() == 20);
  CHECK(clock_type::now() - start < 5000ms); // one by one it would be 8 s
}

TEST_CASE("the client's end answers all that is outstanding, once, with unknown") {
  raw_server server([](const raw_request&) { return raw_answer{"", true, false}; });
  auto options = options_for(server.url());
  options.in_flight = 2;
  options.call_limit = 60000ms;
  options.charge_limit = 60000ms;
  auto gateway = make_payment_gateway(options);
  answers<gateway_reply> got;
  answers<refund_reply> refunds;
  for (int i = 0; i < 30; ++i)
    gateway->charge(request(), got.take());
  gateway->refund("refund:o1:1", "o1:1", 5, refunds.take());
  // A callback that asks again while the client ends is told at once, too.
  auto again = got.take();
  auto* raw = gateway.get();
  gateway->void_charge("o9:1", [raw, again](gateway_reply reply) {
    raw->void_charge("o9:1", again);
    again(std::move(reply));
  });
  REQUIRE(server.await_requests(2));
  auto start = clock_type::now();
  gateway.reset();
  CHECK(clock_type::now() - start < 5s);
  CHECK(got.all.size() == 32);
  CHECK(refunds.all.size() == 1);
  for (const auto& one : got.all)
    CHECK(one.answer == gateway_answer::unknown);
}

TEST_CASE("a key or trace that would break a header is not sent") {
  raw_server server([](const raw_request&) { return json_answer(201, captured_body); });
  auto bad = request("o1:1\r\nX-Evil: 1");
  CHECK(charge_once(options_for(server.url()), bad).answer == gateway_answer::unknown);
  CHECK(server.requests().empty());
  auto odd = request();
  odd.traceparent = "00\r\nX-Evil: 1";
  CHECK(charge_once(options_for(server.url()), odd).answer == gateway_answer::captured);
  CHECK(server.requests().at(0).head.find("Evil") == std::string::npos);
}

TEST_CASE("only http and https are spoken") {
  CHECK_THROWS_AS(make_payment_gateway(options_for("file:///etc/passwd")), std::invalid_argument);
  CHECK_THROWS_AS(make_payment_gateway(options_for("")), std::invalid_argument);
}
