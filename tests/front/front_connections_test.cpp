// What connections go through: pipelining, pieces, slow and rude clients, framing, many of them,
// and the end of the server.

#include "served.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <algorithm>
#include <thread>

using namespace troupe::http;
using namespace troupe::http::test;

TEST_CASE("answers keep the order of pipelined requests, whoever answers first") {
  served s;
  auto c = s.connect();
  REQUIRE(c.send(get("/held") + get("/held") + get("/ping") + get("/held")));
  auto replies = s.held.take(3);
  CHECK(c.silent(20ms));
  std::thread late([&] { replies[2].send({.body = "3"}); });
  late.join();
  std::thread middle([&] { replies[1].send({.body = "2"}); });
  middle.join();
  CHECK(c.silent(20ms));
  replies[0].send({.body = "1"});
  for (const auto* expected : {"1", "2", "\"pong\"", "3"}) {
    const auto a = c.receive();
    REQUIRE(a);
    CHECK(a->body == expected);
  }
}

TEST_CASE("an unsafe request waits for the ones before it") {
  served s;
  auto c = s.connect();
  REQUIRE(c.send(get("/held") + with_body("POST", "/held", "x") + get("/held")));
  auto first = s.held.take(1);
  CHECK(first.size() == 1);
  CHECK(c.silent(20ms));
  CHECK(s.held.count() == 0);
  first[0].send({});
  auto second = s.held.take(1);
  CHECK(second.size() == 1);
  CHECK(c.receive());
  CHECK(c.silent(20ms));
  CHECK(s.held.count() == 0); // neither does a safe one pass an unsafe one
  second[0].send({});
  s.held.take(1)[0].send({});
  CHECK(c.receive());
  CHECK(c.receive());
}

TEST_CASE("a long pipeline is answered whole, others in between") {
  served s({.max_pipelined = 4});
  auto c = s.connect();
  std::string many;
  for (int i = 0; i < 5000; ++i)
    many += get("/items/" + std::to_string(i));
  std::thread sender([&] { c.send(many); });
  auto other = s.connect();
  CHECK(other.ask(get("/ping"))->status == 200);
  for (int i = 0; i < 5000; ++i) {
    const auto a = c.receive();
    REQUIRE(a);
    REQUIRE(a->body == std::to_string(i));
  }
  sender.join();
}

TEST_CASE("no more than the bound is begun at a time") {
  served s({.max_pipelined = 3});
  auto c = s.connect();
  for (int i = 0; i < 5; ++i)
    REQUIRE(c.send(get("/held")));
  auto first = s.held.take(3);
  CHECK(c.silent(20ms));
  CHECK(s.held.count() == 0);
  for (auto& r : first)
    r.send({});
  for (auto& r : s.held.take(2))
    r.send({});
  for (int i = 0; i < 5; ++i)
    CHECK(c.receive());
}

TEST_CASE("a request may come byte by byte") {
  served s;
  auto c = s.connect();
  for (const char byte : with_body("POST", "/echo", "hello", "Content-Type: text/plain\r\n"))
    REQUIRE(c.send({&byte, 1}));
  CHECK(c.receive()->body == "hello");
}

TEST_CASE("a slow client is told 408, others do not feel it") {
  served s({.idle_timeout = 10s, .reading_timeout = 150ms});
  std::vector<client> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(s.connect());
    REQUIRE(slow.back().send("GET /ping HTTP/1.1\r\nHost: localhost\r\nX: "));
  }
  auto body = s.connect();
  REQUIRE(body.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc"));
  auto idle = s.connect();
  CHECK(idle.ask(get("/ping"))->status == 200);
  auto dripping = s.connect();
  REQUIRE(dripping.send("GET /ping HTTP/1.1\r\nHost: localhost\r\nX: "));
  std::optional<answer> told;
  for (int i = 0; i < 100 && !told; ++i) { // drips do not refresh the deadline
    dripping.send("x");
    told = dripping.receive(10ms);
    if (i == 5)
      CHECK(idle.ask(get("/ping"))->status == 200);
  }
  REQUIRE(told);
  CHECK(told->status == 408);
  CHECK(told->code() == "request_timeout");
  CHECK(told->header("Connection") == "close");
  for (auto& c : slow)
    CHECK(c.receive()->status == 408);
  CHECK(body.receive()->status == 408);
  CHECK(idle.ask(get("/ping"))->status == 200);
}

TEST_CASE("an idle connection is closed, a waiting one is not") {
  served s({.idle_timeout = 700ms, .reading_timeout = 200ms, .linger_timeout = 200ms});
  auto untouched = s.connect();
  auto used = s.connect();
  CHECK(used.ask(get("/ping"))->status == 200);
  auto waiting = s.connect();
  REQUIRE(waiting.send(get("/held") + "GET /half"));
  auto replies = s.held.take(1);
  CHECK(untouched.ended());
  CHECK(used.ended());
  CHECK(waiting.silent(100ms));
  replies[0].send({.body = "1"});
  CHECK(waiting.receive()->body == "1");
  CHECK(waiting.receive()->status == 408);
  CHECK(waiting.ended());
  CHECK(eventually([&] { return s->connections() == 0; }));
}

TEST_CASE("a client that takes nothing is dropped, one that takes slowly is not") {
  served s({.max_write_buffer = 1024, .writing_timeout = 1s});
  auto stuck = s.connect();
  REQUIRE(stuck.send(get("/big?n=30000000")));
  auto slow = s.connect();
  REQUIRE(slow.send(get("/big?n=30000000") + get("/ping")));
  CHECK(eventually([&] { return s->connections() == 2; }));
  const auto whole = slow.receive(20s);
  REQUIRE(whole);
  CHECK(whole->body.size() == 30000000);
  CHECK(slow.receive()->body == "\"pong\"");
  CHECK(eventually([&] { return s->connections() == 1; }));
}

TEST_CASE("refused framing is answered and ends the connection") {
  served s;
  struct sample {
    std::string bytes;
    int status;
    const char* code;
  };
  const std::string post = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: a/b\r\n";
  const std::vector<sample> samples = {
      {"nonsense\r\n\r\n", 400, "malformed_request"},
      {"GET / HTTP/1.1\r\n\r\n", 400, "malformed_request"},
      {"GET /ping HTTP/1.1\nHost: localhost\n\n", 400, "malformed_request"},
      {"GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", 505, "version_not_supported"},
      {get("/" + std::string(3000, 'a')), 414, "uri_too_long"},
      {"GET /" + std::string(70'000, 'a'), 414, "uri_too_long"},
      {get("/ping", "X: " + std::string(17'000, 'a') + "\r\n"), 431, "headers_too_large"},
      {post + "Content-Length: 70000\r\n\r\n" + std::string(70'000, 'x'), 413, "body_too_large"},
      {post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400, "malformed_request"},
      {post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
       "malformed_request"},
      {post + "Transfer-Encoding: gzip\r\n\r\n", 501, "coding_not_supported"},
      {post + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 415,
       "encoding_not_supported"},
      {post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, "malformed_request"},
      {post + "Transfer-Encoding: chunked\r\n\r\n10001\r\n", 413, "body_too_large"},
      {post + "Expect: more\r\nContent-Length: 1\r\n\r\n", 417, "expectation_failed"},
  };
  for (const auto& each : samples) {
    CAPTURE(each.bytes.substr(0, 200));
    auto c = s.connect();
    // A smuggled second request must not be answered.
    c.send(get("/ping") + each.bytes + get("/items/smuggled"));
    CHECK(c.receive()->status == 200);
    const auto a = c.receive();
    REQUIRE(a);
    CHECK(a->status == each.status);
    CHECK(a->code() == each.code);
    CHECK(a->header("Content-Type") == "application/problem+json");
    CHECK(a->header("Connection") == "close");
    CHECK(!c.receive());
  }
  CHECK(s.connect().ask(get("/ping"))->status == 200);
}

TEST_CASE("chunked bodies reach the handler decoded") {
  served s;
  auto c = s.connect();
  const std::string head
      = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: a/b\r\nTransfer-Encoding: "
        "Chunked\r\n\r\n";
  CHECK(c.ask(head + "3;ext=1\r\nabc\r\n02\r\nde\r\n0\r\nTrailer: x\r\n\r\n")->body == "abcde");
  std::string whole;
  for (int i = 0; i < 64; ++i)
    whole += "400\r\n" + std::string(1024, 'x') + "\r\n";
  CHECK(c.ask(head + whole + "0\r\n\r\n")->body.size() == 65536);
  CHECK(c.ask(get("/ping"))->status == 200);
  CHECK(c.ask(head + whole + "1\r\nx\r\n0\r\n\r\n")->status == 413);
}

TEST_CASE("100 Continue comes when the body is wanted, in its turn") {
  served s;
  const std::string head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: a/b\r\n"
                           "Expect: 100-continue\r\nContent-Length: ";
  auto c = s.connect();
  REQUIRE(c.send(head + "3\r\n\r\n"));
  CHECK(c.receive()->status == 100);
  CHECK(c.ask("abc")->body == "abc");
  // With the body there already nothing is said; too large a one is refused instead.
  CHECK(c.ask(head + "3\r\n\r\nabc")->status == 200);
  REQUIRE(c.send(get("/held") + head + "3\r\n\r\n"));
  auto before = s.held.take(1);
  CHECK(c.silent(20ms));
  before[0].send({.body = "1"});
  CHECK(c.receive()->body == "1");
  CHECK(c.receive()->status == 100);
  CHECK(c.ask("abc")->body == "abc");
  CHECK(c.ask(head + "99999999\r\n\r\n")->status == 413);
}

TEST_CASE("HTTP/1.0 and Connection decide who stays") {
  served s;
  auto old = s.connect();
  CHECK(old.ask("GET /ping HTTP/1.0\r\n\r\n")->header("Connection") == "close");
  CHECK(old.ended());
  auto kept = s.connect();
  const std::string keep = "GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  CHECK(kept.ask(keep)->header("Connection") == "keep-alive");
  CHECK(kept.ask(keep)->status == 200);
  auto closing = s.connect();
  REQUIRE(closing.send(get("/ping", "Connection: CLOSE\r\n") + get("/ping")));
  CHECK(closing.receive()->header("Connection") == "close");
  CHECK(!closing.receive());
}

TEST_CASE("a client that has only stopped sending gets its answers") {
  served s;
  auto c = s.connect();
  REQUIRE(c.send(get("/held") + get("/ping")));
  c.end_sending();
  auto replies = s.held.take(1);
  CHECK(eventually([&] { return replies[0].client_gone(); }));
  replies[0].send({.body = "1"});
  CHECK(c.receive()->body == "1");
  CHECK(c.receive()->status == 200);
  CHECK(c.ended());
}

TEST_CASE("an answer after the client has gone goes nowhere") {
  served s;
  auto c = s.connect();
  REQUIRE(c.send(get("/held")));
  auto replies = s.held.take(1);
  CHECK(!replies[0].client_gone());
  c.reset();
  CHECK(eventually([&] { return s->connections() == 0; }));
  CHECK(replies[0].client_gone());
  CHECK(s.accesses().at(0).status == 499);
  // The slot's next user must not get it.
  auto next = s.connect();
  REQUIRE(next.send(get("/held")));
  auto own = s.held.take(1);
  replies[0].send({.body = "stray"});
  CHECK(next.silent(20ms));
  own[0].send({.body = "own"});
  CHECK(next.receive()->body == "own");
}

TEST_CASE("an aborted reply breaks its connection, and no other") {
  served s;
  auto broken = s.connect();
  auto other = s.connect();
  REQUIRE(broken.send(get("/held")));
  auto replies = s.held.take(1);
  REQUIRE(other.send(get("/held")));
  auto others = s.held.take(1);
  replies[0].abort();
  CHECK(!replies[0]);
  CHECK(!broken.receive());
  CHECK(broken.ended());
  CHECK(eventually([&] { return s->connections() == 1; }));
  CHECK(s.accesses().at(0).status == 499);
  replies[0].abort();
  replies[0].send({.body = "too late"});
  others[0].send({.body = "whole"});
  CHECK(other.receive()->body == "whole");
}

TEST_CASE("a reply may outlive the front") {
  std::vector<reply> replies;
  {
    served s;
    auto c = s.connect();
    REQUIRE(c.send(get("/held") + get("/held")));
    replies = s.held.take(2);
    s->stop();
    replies[0].send({.body = "after stop"});
    CHECK(c.ended());
  }
  CHECK(replies[1].client_gone());
  replies[1].send({.body = "after the end"});
}

TEST_CASE("2,000 idle connections hold no thread") {
  served s;
  const int threads = thread_count();
  std::vector<client> many;
  for (int i = 0; i < 2000; ++i) {
    many.push_back(s.connect());
    REQUIRE(many.back().ask(get("/ping"))->status == 200);
  }
  CHECK(s->connections() == 2000);
  CHECK(thread_count() == threads);
  for (auto& c : many)
    REQUIRE(c.ask(get("/ping"))->status == 200);
  many.clear();
  CHECK(eventually([&] { return s->connections() == 0; }));
}

TEST_CASE("above the limit of connections the answer is 503") {
  served s({.max_connections = 2});
  auto one = s.connect();
  auto two = s.connect();
  CHECK(one.ask(get("/ping"))->status == 200);
  CHECK(two.ask(get("/ping"))->status == 200);
  auto three = s.connect();
  const auto told = three.receive();
  REQUIRE(told);
  CHECK(told->status == 503);
  CHECK(told->header("Retry-After") == "1");
  CHECK(three.ended());
  one.close();
  CHECK(eventually([&] { return s->connections() <= 1; }));
  CHECK(s.connect().ask(get("/ping"))->status == 200);
  CHECK(two.ask(get("/ping"))->status == 200);
}

TEST_CASE("without descriptors the listener rests, then serves who waited") {
  served s;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  auto earlier = s.connect();
  CHECK(earlier.ask(get("/ping"))->status == 200);
  auto waiting = std::make_unique<fd>(::dup(0)); // the lowest free number
  const auto lowest = static_cast<rlim_t>(waiting->get());
  waiting.reset();
  // Exactly one more descriptor fits: the client's own end.
  const rlimit tight{.rlim_cur = lowest + 1, .rlim_max = before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  auto c = s.connect();
  REQUIRE(c.send(get("/ping")));
  CHECK(c.silent(50ms));
  CHECK(earlier.ask(get("/ping"))->status == 200);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(c.receive()->status == 200);
}

TEST_CASE("stop_accepting and drain end without losing an answer") {
  served s;
  auto waiting = s.connect();
  REQUIRE(waiting.send(get("/held")));
  auto replies = s.held.take(1);
  auto idle = s.connect();
  CHECK(idle.ask(get("/ping"))->header("Connection").empty());

  s->stop_accepting();
  CHECK_THROWS(s.connect());
  CHECK(idle.ask(get("/ping"))->header("Connection") == "close");
  CHECK(idle.ended());
  idle.close();
  CHECK(!s->drain(50ms));
  std::thread later([&] { replies[0].send({.body = std::string(3'000'000, 'x')}); });
  std::thread reader([&] {
    const auto a = waiting.receive();
    REQUIRE(a);
    CHECK(a->header("Connection") == "close");
    CHECK(a->body.size() == 3'000'000);
    waiting.close();
  });
  CHECK(s->drain(5s));
  later.join();
  reader.join();
  s->stop();
  CHECK(s->connections() == 0);
}

TEST_CASE("answers from many threads to many clients") {
  served s;
  constexpr int clients = 50;
  constexpr int rounds = 20;
  constexpr int answerers = 4;
  std::atomic<bool> done = false;
  std::vector<std::thread> answering;
  std::mutex mutex;
  answering.reserve(answerers);
  for (int i = 0; i < answerers; ++i)
    answering.emplace_back([&] {
      while (!done) {
        std::vector<reply> some;
        {
          const std::lock_guard lock(mutex);
          if (s.held.count() > 0)
            some = s.held.take(1);
        }
        for (auto& r : some)
          r.send({.body = "x"});
        std::this_thread::yield();
      }
    });
  std::vector<std::thread> asking;
  std::atomic<int> good = 0;
  asking.reserve(clients);
  for (int i = 0; i < clients; ++i)
    asking.emplace_back([&] {
      auto c = s.connect();
      for (int n = 0; n < rounds; ++n)
        if (const auto a = c.ask(get("/held")); a && a->body == "x")
          ++good;
    });
  for (auto& t : asking)
    t.join();
  done = true;
  for (auto& t : answering)
    t.join();
  CHECK(good == clients * rounds);
}
