// The customers' client against a server that does exactly as told.

#include "sim/web_client.hpp"
#include "tests/outside/raw_server.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <utility>

namespace troupe::sim::test {

namespace {

using namespace std::chrono_literals;
using troupe::test::json_answer;
using troupe::test::raw_answer;
using troupe::test::raw_request;
using troupe::test::raw_server;

/// A loop with a client, and what a story does with them.
struct browsers {
  load_loop loop;
  web_client client;
  explicit browsers(const std::string& url) : client(loop, {url}) {}

  void play(task<> story) {
    loop.spawn(std::move(story));
    loop.run();
  }
};

web_request to(std::string method, std::string target) {
  web_request r;
  r.method = std::move(method);
  r.target = std::move(target);
  return r;
}

task<> ask(web_session& by, web_request what, web_answer& into) {
  auto exchange = by.send(std::move(what));
  into = co_await exchange;
}

} // namespace

TEST_CASE("a session keeps its connection, and has it for itself") {
  raw_server server([](const raw_request&) { return json_answer(200, "{}"); });
  browsers b(server.url());
  for (int connections = 1; connections <= 2; ++connections) {
    web_session session(b.client);
    for (int i = 0; i < 3; ++i) {
      web_answer answer;
      b.play(ask(session, to("GET", "/"), answer));
      CHECK(answer.status == 200);
      CHECK(answer.body == "{}");
    }
    CHECK(server.connections() == connections);
  }
}

TEST_CASE("two requests at once have a connection each") {
  raw_server server([](const raw_request&) { return json_answer(200, "{}"); });
  browsers b(server.url());
  web_session session(b.client);
  const auto twice = [](web_session& by) -> task<> {
    auto one = by.send(to("GET", "/1"));
    auto other = by.send(to("GET", "/2"));
    const auto second = co_await other;
    const auto first = co_await one;
    CHECK(first.status == 200);
    CHECK(second.status == 200);
  };
  b.play(twice(session));
  CHECK(server.connections() == 2);
}

TEST_CASE("a command is sent once, also when a kept connection ends without an answer") {
  raw_server server([](const raw_request& r) {
    return r.number == 1 ? json_answer(200, "{}") : raw_answer{.bytes = "", .close = true};
  });
  browsers b(server.url());
  web_session session(b.client);
  web_answer first, second;
  b.play(ask(session, to("GET", "/"), first));
  b.play(ask(session, to("POST", "/orders"), second));
  CHECK(first.how == ending::answered);
  CHECK(second.how == ending::broken);
  CHECK(second.status == 0);
  CHECK(server.requests().size() == 2);
}

TEST_CASE("what takes too long is given up, and what ends early is no answer") {
  raw_server server([](const raw_request& r) {
    return r.number == 1 ? raw_answer{.bytes = "", .hold = true}
                         : raw_answer{.bytes = "HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{",
                                      .close = true};
  });
  browsers b(server.url());
  web_session session(b.client);
  web_answer silent, cut;
  auto impatient = to("POST", "/orders");
  impatient.limit = 50ms;
  b.play(ask(session, impatient, silent));
  CHECK(silent.how == ending::timed_out);
  b.play(ask(session, to("POST", "/orders"), cut));
  CHECK(cut.how == ending::broken);
  CHECK(cut.status == 0);
}

TEST_CASE("a stream gives its events, and its end") {
  raw_server server([](const raw_request&) {
    std::string bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
                        "event: order\nid: 1\ndata: {}\n\nevent: order\nid: 2\ndata: {}\n\n";
    return raw_answer{.bytes = std::move(bytes), .close = true};
  });
  browsers b(server.url());
  web_session session(b.client);
  const auto read = [](load_loop& loop, web_session& by, int& events, bool& ended) -> task<> {
    auto stream = by.follow(to("GET", "/stream"));
    auto head = stream.head(loop.now() + 10s);
    (void)co_await head;
    CHECK(stream.status() == 200);
    while (!stream.ended()) {
      auto turn = stream.next(loop.now() + 10s);
      const auto event = co_await turn;
      events += event ? 1 : 0;
    }
    ended = stream.ended();
  };
  int events = 0;
  bool ended = false;
  b.play(read(b.loop, session, events, ended));
  CHECK(events == 2);
  CHECK(ended);
}

TEST_CASE("sleeps end when all are woken, and a failure ends the run") {
  load_loop loop;
  int woken = 0;
  const auto sleep = [](load_loop& on, int& count) -> task<> {
    co_await on.sleep_until(on.now() + 1h);
    ++count;
  };
  loop.spawn(sleep(loop, woken));
  loop.spawn(sleep(loop, woken));
  loop.set_timer(loop.now() + 1ms, [&loop] { loop.wake_all(); });
  loop.run();
  CHECK(woken == 2);
  loop.spawn(sleep(loop, woken)); // does not begin to sleep
  loop.run();
  CHECK(woken == 3);
  const auto fail = []() -> task<> {
    throw std::runtime_error("no");
    co_return;
  };
  loop.spawn(fail());
  CHECK_THROWS_AS(loop.run(), std::runtime_error);
}

} // namespace troupe::sim::test
