#include "sim/gateway_simulator.hpp"

#include "http_ask.hpp"
#include "tests/support/pg_fixture.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <thread>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct world {
  pg_database db{database::gateway};
  sim::gateway_simulator_options options;
  std::unique_ptr<sim::gateway_simulator> simulator;

  world() { options.conninfo = db.conninfo(); }

  std::string url(const std::string& path) {
    if (!simulator)
      simulator = std::make_unique<sim::gateway_simulator>(options);
    return simulator->url() + path;
  }
  asked post(const std::string& path, const json& body, const std::string& key = {},
             std::chrono::milliseconds limit = 10s) {
    std::vector<std::string> headers{"Content-Type: application/json"};
    if (!key.empty())
      headers.push_back("Idempotency-Key: " + key);
    return ask("POST", url(path), body.dump(), headers, limit);
  }
  asked charge(const std::string& key, const std::string& card = "4242 4242 4242 4242",
               std::chrono::milliseconds limit = 10s) {
    return post("/charges", body(card), key, limit);
  }
  asked refund(const std::string& key, const std::string& charge_key, int64_t amount = 1999) {
    return post("/refunds", {{"chargeKey", charge_key}, {"amount", amount}}, key);
  }
  json ledger(const std::string& order = "o1") {
    return ask("GET", url("/ledger?orderId=" + order)).json();
  }
  static json body(const std::string& card) {
    return {{"orderId", "o1"}, {"amount", 1999}, {"currency", "USD"}, {"card", card}};
  }
};

// Polls until `done`, at most 10 s.
template <class F>
bool eventually(F done) {
  for (auto until = std::chrono::steady_clock::now() + 10s;
       std::chrono::steady_clock::now() < until;) {
    if (done())
      return true;
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

} // namespace

TEST_CASE("simulator: an approved card is charged once, however often it is asked") {
  world w;
  auto first = w.charge("o1:1");
  REQUIRE(first.status == 201);
  CHECK(first.json()["status"] == "captured");
  CHECK(first.json()["key"] == "o1:1");
  CHECK(first.json()["cardLast4"] == "4242");
  auto again = w.charge("o1:1");
  CHECK(again.status == 200);
  CHECK(again.json()["transactionId"] == first.json()["transactionId"]);
  REQUIRE(w.ledger().size() == 1);
  CHECK(w.ledger()[0]["calls"] == 2);
  CHECK(ask("GET", w.url("/charges/o1%3A1")).json()["amount"] == 1999);
  CHECK(w.db.number("select count(*) from ledger l where replace(l::text, ' ', '') like "
                    "'%42424242%'")
        == 0);
}

TEST_CASE("simulator: the cards do what they say") {
  world w;
  auto declined = w.charge("o1:1", "4000000000000002");
  CHECK(declined.status == 402);
  CHECK(declined.json()["status"] == "declined");
  CHECK(w.charge("o1:1", "4000000000000002").status == 402);

  auto silent = w.charge("o1:2", "4000-0000-0000-0119", 400ms);
  CHECK(silent.timed_out);
  CHECK(ask("GET", w.url("/charges/o1:2")).status == 404);

  auto broken = w.charge("o1:3", "4000000000000341");
  CHECK(broken.status == 0);
  CHECK_FALSE(broken.timed_out);
  CHECK(ask("GET", w.url("/charges/o1:3")).json()["status"] == "captured");
  CHECK(w.charge("o1:3", "4000000000000341").status == 200);

  CHECK(w.charge("o1:4", "").status == 201);
  CHECK(w.ledger().size() == 3);
}

TEST_CASE("simulator: 40 charges at once with one key are one charge in the books") {
  world w;
  w.url("");
  std::mutex mutex;
  std::map<int, int> by_status;
  std::vector<std::jthread> all;
  all.reserve(40);
  for (int i = 0; i < 40; ++i)
    all.emplace_back([&] {
      auto status = w.charge("o1:1").status;
      std::lock_guard lock(mutex);
      ++by_status[status];
    });
  all.clear();
  CHECK(by_status[201] == 1);
  CHECK(by_status[200] == 39);
  REQUIRE(w.ledger().size() == 1);
  CHECK(w.ledger()[0]["calls"] == 40);
}

TEST_CASE("simulator: a void before a charge refuses it for ever, one after learns it") {
  world w;
  auto before = w.post("/charges/o1%3A1/void", json::object());
  CHECK(before.status == 200);
  CHECK(before.json()["status"] == "voided");
  auto late = w.charge("o1:1");
  CHECK(late.status == 409);
  CHECK(late.json()["status"] == "voided");
  CHECK(w.charge("o1:1").status == 409);

  w.charge("o1:2");
  CHECK(w.post("/charges/o1:2/void", json::object()).json()["status"] == "captured");
  w.charge("o1:3", "4000000000000002");
  CHECK(w.post("/charges/o1:3/void", json::object()).json()["status"] == "declined");

  // Never answered, so never known: the void settles it.
  CHECK(w.charge("o1:4", "4000000000000119", 300ms).timed_out);
  CHECK(w.post("/charges/o1:4/void", json::object()).json()["status"] == "voided");
}

TEST_CASE("simulator: money goes back once") {
  world w;
  w.charge("o1:1");
  CHECK(w.refund("refund:o1:1", "o1:1", 5).status == 409);
  auto first = w.refund("refund:o1:1b", "o1:1");
  CHECK(first.status == 201);
  CHECK(first.json()["status"] == "refunded");
  CHECK(w.refund("refund:o1:1b", "o1:1").status == 200);
  auto other = w.refund("refund:o1:1c", "o1:1");
  CHECK(other.status == 409);
  CHECK(other.json()["status"] == "refused");
  CHECK(w.refund("refund:o9:1", "o9:1").status == 409);
  CHECK(w.ledger()[0]["refunded"] == true);
  CHECK(ask("GET", w.url("/refunds/refund:o1:1b")).json()["chargeKey"] == "o1:1");
}

TEST_CASE("simulator: a key belongs to its request") {
  world w;
  w.charge("o1:1");
  for (auto [name, value] :
       std::initializer_list<std::pair<const char*, json>>{{"orderId", "o2"},
                                                           {"amount", 2000},
                                                           {"currency", "EUR"},
                                                           {"card", "5555555555554444"}}) {
    auto other = world::body("4242424242424242");
    other[name] = value;
    auto answer = w.post("/charges", other, "o1:1");
    CAPTURE(name);
    CHECK(answer.status == 422);
    CHECK(answer.json()["code"] == "key_reused");
  }
  CHECK(w.refund("o1:1", "o1:1").status == 422);
  w.refund("refund:o1:1", "o1:1");
  CHECK(w.refund("refund:o1:1", "o1:2").status == 422);
  CHECK(w.refund("refund:o1:1", "o1:1", 5).status == 422);
  CHECK(w.charge("refund:o1:1").status == 422);
  CHECK(w.post("/charges/refund:o1:1/void", json::object()).status == 422);
  CHECK(w.charge("o1:1").status == 200);
}

TEST_CASE("simulator: bad input changes nothing") {
  world w;
  auto good = world::body("4242424242424242");
  auto with = [&](const char* name, const json& value) {
    auto bad = good;
    bad[name] = value;
    return bad;
  };
  for (const auto& bad :
       {with("orderId", ""), with("orderId", 7), with("orderId", "a b"), with("amount", -1),
        with("amount", 1.5), with("amount", "1"), with("amount", 1e18), with("currency", "DOLLARS"),
        with("card", 4242), with("card", std::string(65, '4')), with("amount", nullptr)}) {
    CAPTURE(bad.dump());
    CHECK(w.post("/charges", bad, "o1:1").status == 400);
  }
  CHECK(w.post("/charges", good).status == 400);
  CHECK(w.post("/charges", good, std::string(129, 'k')).status == 400);
  CHECK(w.post("/charges", good, "a b").status == 400);
  CHECK(ask("POST", w.url("/charges"), "{",
            {"Content-Type: application/json", "Idempotency-Key: o1:1"})
            .status
        == 400);
  CHECK(ask("POST", w.url("/charges"), good.dump(),
            {"Content-Type: text/plain", "Idempotency-Key: o1:1"})
            .status
        == 415);
  CHECK(w.post("/refunds", {{"amount", 5}}, "refund:o1:1").status == 400);
  CHECK(w.post("/refunds", {{"chargeKey", "a b"}, {"amount", 5}}, "refund:o1:1").status == 400);
  CHECK(ask("GET", w.url("/charges/none")).status == 404);
  CHECK(ask("GET", w.url("/ledger")).status == 400);
  CHECK(ask("GET", w.url("/refunds")).status == 405);
  CHECK(w.db.number("select count(*) from ledger") == 0);
}

TEST_CASE("simulator: a restart keeps the books") {
  world w;
  auto first = w.charge("o1:1").json();
  w.post("/charges/o1:2/void", json::object());
  w.simulator.reset();
  auto again = w.charge("o1:1");
  CHECK(again.status == 200);
  CHECK(again.json()["transactionId"] == first["transactionId"]);
  CHECK(w.charge("o1:2").status == 409);
}

TEST_CASE("simulator: without its database it says so, and nothing is charged") {
  world w;
  w.options.conninfo = "host=127.0.0.1 port=1 dbname=none connect_timeout=2";
  auto answer = w.charge("o1:1");
  CHECK(answer.status == 503);
  CHECK(answer.json()["code"] == "books_unavailable");
  CHECK(ask("GET", w.url("/health")).status == 503);
  CHECK(ask("GET", w.url("/health/live")).status == 200);
}

TEST_CASE("simulator: past its bounds it answers 503, and silence is bounded") {
  world w;
  w.options.threads = 1;
  w.options.waiting = 1;
  w.options.held = 1;
  std::jthread first([&, url = w.url("")] { w.charge("o1:1", "4000000000000119", 5000ms); });
  CHECK(eventually([&] {
    return ask("GET", w.url("/metrics")).body.find("outcome=\"silence\"") != std::string::npos;
  }));
  auto start = std::chrono::steady_clock::now();
  CHECK(w.charge("o1:2", "4000000000000119", 300ms).timed_out);
  first.join(); // it had to make room: broken off
  CHECK(std::chrono::steady_clock::now() - start < 4s);

  pg::transaction blocked(w.db.session());
  w.db.session().exec("lock table ledger");
  std::atomic<int> busy{0};
  std::vector<std::jthread> all;
  all.reserve(6);
  for (int i = 0; i < 6; ++i)
    all.emplace_back([&, i] {
      auto answer = w.charge(std::to_string(i) + ":1");
      busy += answer.status == 503 && answer.json()["code"] == "busy";
    });
  all.clear();
  CHECK(busy >= 1);
}

TEST_CASE("simulator: latency delays the answer, not the books") {
  world w;
  w.options.latency_min = 150ms;
  w.options.latency_max = 200ms;
  w.url("");
  auto start = std::chrono::steady_clock::now();
  std::jthread charging([&] { CHECK(w.charge("o1:1").status == 201); });
  CHECK(eventually([&] { return w.db.number("select count(*) from ledger") == 1; }));
  charging.join();
  CHECK(std::chrono::steady_clock::now() - start >= 150ms);
}

TEST_CASE("simulator: senseless options are refused") {
  sim::gateway_simulator_options options;
  options.latency_min = 5ms;
  CHECK_THROWS_AS(sim::gateway_simulator{options}, std::invalid_argument);
  options.latency_min = 0ms;
  options.threads = 0;
  CHECK_THROWS_AS(sim::gateway_simulator{options}, std::invalid_argument);
}

TEST_CASE("simulator: told to, it fails and breaks off what is in its books") {
  world w;
  w.options.trouble = true;
  auto tell = [&](const json& trouble) {
    return ask("PUT", w.url("/trouble"), trouble.dump(), {"Content-Type: application/json"});
  };
  REQUIRE(tell({{"failPercent", 100}}).status == 200);
  CHECK(w.charge("o1:1").status == 500);
  REQUIRE(w.ledger().is_object()); // 500 as well
  REQUIRE(tell({{"breakPercent", 100}}).status == 200);
  CHECK(w.charge("o1:2").status == 0);
  CHECK(ask("GET", w.url("/trouble")).json()["met"] == 1);
  REQUIRE(tell(json::object()).status == 200);
  CHECK(w.charge("o1:1").status == 200); // again: it was charged
  CHECK(w.ledger().size() == 2);
  CHECK(ask("GET", w.url("/trouble")).json()["met"] == 0);
}

TEST_CASE("simulator: told to be slow, it is, for each answer") {
  world w;
  w.options.trouble = true;
  REQUIRE(
      ask("PUT", w.url("/trouble"), R"({"slowMs":300})", {"Content-Type: application/json"}).status
      == 200);
  const auto began = std::chrono::steady_clock::now();
  CHECK(w.charge("o1:1").status == 201);
  CHECK(std::chrono::steady_clock::now() - began >= 300ms);
}

TEST_CASE("simulator: senseless trouble is refused and changes nothing, and untold there is no way "
          "to it") {
  world w;
  CHECK(ask("GET", w.url("/trouble")).status == 404);
  w.simulator.reset();
  w.options.trouble = true;
  for (const char* bad :
       {"", "[]", R"({"slowMs":-1})", R"({"slowMs":60001})", R"({"failPercent":101})",
        R"({"failPercent":60,"breakPercent":41})", R"({"failPercent":"all"})"}) {
    CAPTURE(bad);
    CHECK(ask("PUT", w.url("/trouble"), bad, {"Content-Type: application/json"}).status == 400);
  }
  CHECK(w.charge("o1:1").status == 201);
}
