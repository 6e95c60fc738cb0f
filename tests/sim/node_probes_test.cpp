// Nodes behind the balancer, over real sockets: servers that do exactly as told, or are gone.

#include "sim/node_probes.hpp"
#include "tests/outside/raw_server.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::sim::test {

namespace {

using namespace std::chrono_literals;
using troupe::test::json_answer;
using troupe::test::raw_answer;
using troupe::test::raw_request;
using troupe::test::raw_server;
using troupe::test::unused_port;

raw_answer fine(const raw_request&) {
  return json_answer(200, "{}");
}

std::string nobody() {
  return "http://127.0.0.1:" + std::to_string(unused_port());
}

/// A customer of these nodes; its first connection goes to the first.
struct customer_of {
  load_loop loop;
  web_client client;
  web_session session{client};

  explicit customer_of(const std::vector<std::string>& urls) : client(loop, urls) {}

  bool first_is_in() const { return client.nodes().is_in(0); }
  uint64_t sent_to(size_t node) const {
    return client.nodes().records(load_loop::clock::now()).at(node).requests;
  }

  web_answer ask(std::string method) {
    web_answer answer;
    const auto story = [](web_session& by, std::string m, web_answer& into) -> task<> {
      web_request r;
      r.method = std::move(m);
      r.target = "/orders";
      auto exchange = by.send(std::move(r));
      into = co_await exchange;
    };
    loop.spawn(story(session, std::move(method), answer));
    loop.run();
    return answer;
  }

  /// Lets things happen until then; false after 10 s.
  bool until(const std::function<bool()>& holds) {
    const auto story = [](load_loop& on, const std::function<bool()>& over) -> task<> {
      for (int i = 0; i < 1000 && !over(); ++i)
        co_await on.sleep_until(load_loop::clock::now() + 10ms);
    };
    loop.spawn(story(loop, holds));
    loop.run();
    return holds();
  }
};

} // namespace

TEST_CASE("a request that was refused a connection goes to another node") {
  raw_server second(fine);
  customer_of who({nobody(), second.url()});
  CHECK(who.ask("POST").status == 200);
  CHECK(!who.first_is_in());
  CHECK(second.requests().size() == 1);
  CHECK(who.sent_to(0) == 0);
  CHECK(who.sent_to(1) == 1);
}

TEST_CASE("it goes to another node once") {
  raw_server third(fine);
  customer_of who({nobody(), nobody(), third.url()});
  CHECK(who.ask("GET").how == ending::broken);
  CHECK(!who.first_is_in());
  CHECK(!who.client.nodes().is_in(1));
  CHECK(third.requests().empty());
  CHECK(who.ask("GET").status == 200);
}

TEST_CASE("a request that has gone out goes nowhere else, and the next one does") {
  for (const char* method : {"GET", "POST"}) {
    CAPTURE(method);
    raw_server first([](const raw_request&) { return raw_answer{.bytes = "", .close = true}; });
    raw_server second(fine);
    customer_of who({first.url(), second.url()});
    CHECK(who.ask(method).how == ending::broken);
    CHECK(!who.first_is_in());
    CHECK(second.requests().empty());
    CHECK(who.ask(method).status == 200);
    CHECK(first.requests().size() == 1);
  }
}

TEST_CASE("nor when its kept connection ends and a new one is refused") {
  for (const char* method : {"GET", "POST"}) {
    CAPTURE(method);
    auto first = std::make_unique<raw_server>([](const raw_request& r) {
      return r.number == 1 ? json_answer(200, "{}") : raw_answer{.bytes = "", .hold = true};
    });
    raw_server second(fine);
    customer_of who({first->url(), second.url()});
    CHECK(who.ask(method).status == 200);
    who.loop.set_timer(load_loop::clock::now() + 50ms, [&first] {
      CHECK(first->await_requests(2));
      first.reset();
    });
    CHECK(who.ask(method).how == ending::broken);
    CHECK(!who.first_is_in());
    CHECK(second.requests().empty());
  }
}

TEST_CASE("what ends in the middle of an answer, or takes too long, takes no node out") {
  raw_server first([](const raw_request& r) {
    return r.number == 1
               ? raw_answer{.bytes = "HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n{", .close = true}
               : raw_answer{.bytes = "", .hold = true};
  });
  raw_server second(fine);
  customer_of who({first.url(), second.url()});
  CHECK(who.ask("GET").how == ending::broken);
  CHECK(who.first_is_in());
  const auto impatient = [](web_session& by) -> task<> {
    web_request r;
    r.limit = 50ms;
    r.target = "/";
    auto exchange = by.send(std::move(r));
    const auto answer = co_await exchange;
    CHECK(answer.how == ending::timed_out);
  };
  who.loop.spawn(impatient(who.session));
  who.loop.run();
  CHECK(who.first_is_in());
  CHECK(second.requests().empty());
}

TEST_CASE("probes take out who is not ready, silent or gone, and put in who is ready") {
  std::atomic<int> status{200};
  auto first = std::make_unique<raw_server>([&status](const raw_request& r) {
    CHECK(r.head.starts_with("GET /health/ready "));
    return status == 0 ? raw_answer{.bytes = "", .hold = true} : json_answer(status, "{}");
  });
  raw_server second(fine);
  customer_of who({first->url(), second.url()});
  const node_probes probes(who.client);
  const auto in = [&who] { return who.first_is_in(); };
  const auto out = [&who] { return !who.first_is_in(); };
  CHECK(who.until([&who] { return who.client.nodes().knows_all(); }));
  CHECK(in());
  status = 503;
  CHECK(who.until(out));
  status = 200;
  CHECK(who.until(in));
  status = 0;
  CHECK(who.until(out));
  status = 200;
  CHECK(who.until(in));
  first.reset();
  CHECK(who.until(out));
  CHECK(who.client.nodes().is_in(1));
  CHECK(who.sent_to(1) == 0); // probes are not counted
}

TEST_CASE("one node alone is not probed") {
  raw_server only(fine);
  load_loop loop;
  web_client client(loop, {only.url()});
  const node_probes probes(client);
  const auto wait
      = [](load_loop& on) -> task<> { co_await on.sleep_until(load_loop::clock::now() + 50ms); };
  loop.spawn(wait(loop));
  loop.run();
  CHECK(only.connections() == 0);
}

} // namespace troupe::sim::test
