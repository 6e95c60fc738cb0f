// Answers that come in pieces: how they look on the wire, what a slow reader costs, when they end.

#include "served.hpp"

#include <doctest/doctest.h>

#include <thread>

using namespace troupe::http;
using namespace troupe::http::test;

namespace {

const response event_stream{
    .headers = {{"Cache-Control", "no-store"}}, .body = {}, .content_type = "text/event-stream"};

/// Opens a stream for a client that has just asked for GET /held.
reply_stream open_stream(served& s) {
  return s.held.take(1)[0].stream(event_stream);
}

std::string get_1_0(std::string_view path, std::string_view more = {}) {
  std::string out = "GET ";
  return out.append(path).append(" HTTP/1.0\r\n").append(more).append("\r\n");
}

} // namespace

TEST_CASE("a stream is chunked, each piece sent when it is written, and the connection goes on") {
  served s;
  auto c = s.connect();
  REQUIRE(c.send(get("/held")));
  auto stream = open_stream(s);
  const auto head = c.read_to("\r\n\r\n");
  REQUIRE(head);
  CHECK(head->starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(head->find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(head->find("Cache-Control: no-store\r\n") != std::string::npos);
  CHECK(head->find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(head->find("Content-Length") == std::string::npos);
  CHECK(head->find("Connection: close") == std::string::npos);
  CHECK(stream.write("hello"));
  CHECK(c.read_to("\r\nhello\r\n") == "5\r\nhello\r\n");
  CHECK(stream.write("")); // would be the end, as a chunk
  CHECK(c.silent(20ms));
  std::thread([&] { CHECK(stream.write(std::string(26, 'x'))); }).join();
  CHECK(c.read_to("xx\r\n") == "1a\r\n" + std::string(26, 'x') + "\r\n");
  CHECK(stream.open());
  stream.end();
  CHECK_FALSE(stream.write("late"));
  CHECK(c.read_to("0\r\n\r\n") == "0\r\n\r\n");
  CHECK(c.ask(get("/ping"))->status == 200);
}

TEST_CASE("a stream that is dropped ends") {
  served s;
  auto c = s.connect();
  REQUIRE(c.send(get("/held")));
  { const auto dropped = open_stream(s); }
  CHECK(c.read_to("\r\n\r\n0\r\n\r\n"));
}

TEST_CASE("HTTP/1.0 gets the bytes as they are, until the connection ends") {
  served s;
  auto c = s.connect();
  REQUIRE(c.send(get_1_0("/held", "Connection: keep-alive\r\n")));
  auto stream = open_stream(s);
  const auto head = c.read_to("\r\n\r\n");
  REQUIRE(head);
  CHECK(head->find("Transfer-Encoding") == std::string::npos);
  CHECK(head->find("Connection: close\r\n") != std::string::npos);
  CHECK(stream.write("hello"));
  CHECK(c.read_to("hello") == "hello");
  stream.end();
  CHECK(c.ended());
}

TEST_CASE("HEAD gets the head only") {
  served s;
  auto c = s.connect();
  REQUIRE(c.send("HEAD /held HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  auto stream = open_stream(s);
  CHECK_FALSE(stream.open());
  CHECK_FALSE(stream.write("hello"));
  const auto a = c.receive(5s, true);
  REQUIRE(a);
  CHECK(a->header("Content-Type") == "text/event-stream");
  CHECK(a->header("Content-Length").empty());
  CHECK(c.ask(get("/ping"))->body == "\"pong\"");
}

TEST_CASE("a stream waits for the answers before it, and others wait for its end") {
  served s;
  auto c = s.connect();
  REQUIRE(c.send(get("/held") + get("/held")));
  auto replies = s.held.take(2);
  auto stream = replies[1].stream(event_stream);
  CHECK(stream.write("hello"));
  CHECK(c.silent(20ms));
  CHECK(stream.unsent() >= 5);
  replies[0].send({.body = "first"});
  CHECK(c.receive()->body == "first");
  CHECK(c.read_to("\r\n\r\n5\r\nhello\r\n"));
  CHECK(eventually([&] { return stream.unsent() == 0; }));
  REQUIRE(c.send(get("/ping")));
  CHECK(c.silent(20ms));
  stream.end();
  CHECK(c.read_to("0\r\n\r\n"));
  CHECK(c.receive()->body == "\"pong\"");
}

TEST_CASE("a reader too slow for the bound is cut off, others are not") {
  served s;
  auto slow = s.connect();
  REQUIRE(slow.send(get("/held")));
  auto to_slow = open_stream(s);
  auto quick = s.connect();
  REQUIRE(quick.send(get("/held")));
  auto to_quick = open_stream(s);
  const std::string piece(16UL * 1024, 'x');
  bool cut = false;
  for (int i = 0; i < 2000 && !cut; ++i) { // what the sockets hold is bounded as well
    CHECK(to_slow.unsent() <= reply_stream::max_unsent + 1024);
    cut = !to_slow.write(piece);
    REQUIRE(to_quick.write(piece));
    REQUIRE(quick.read_to(piece));
  }
  CHECK(cut);
  CHECK(eventually([&] { return !to_slow.open(); }));
  CHECK(s.cut_off() == 1);
  CHECK(to_quick.open());
  CHECK(to_quick.write("still"));
  CHECK(quick.read_to("still"));
}

TEST_CASE("a reader that takes nothing is cut off by the deadline for writing") {
  served s({.writing_timeout = 100ms});
  auto c = s.connect();
  REQUIRE(c.send(get("/held")));
  auto stream = open_stream(s);
  const std::string piece(16UL * 1024, 'x');
  CHECK(eventually([&] {
    if (stream.unsent() < 64UL * 1024)
      stream.write(piece);
    return !stream.open();
  }));
  CHECK(s.cut_off() == 1);
}

TEST_CASE("a silent stream has no deadline") {
  served s({.idle_timeout = 50ms, .reading_timeout = 50ms, .writing_timeout = 50ms});
  auto c = s.connect();
  REQUIRE(c.send(get("/held")));
  auto stream = open_stream(s);
  CHECK(c.read_to("\r\n\r\n"));
  CHECK(c.silent(300ms));
  CHECK(stream.write("hello"));
  CHECK(c.read_to("hello\r\n"));
}

TEST_CASE("the writer is told when the client is gone, however it goes") {
  served s;
  for (const auto leave : {&client::close, &client::reset, &client::end_sending}) {
    auto c = s.connect();
    REQUIRE(c.send(get("/held")));
    auto stream = open_stream(s);
    REQUIRE(c.read_to("\r\n\r\n"));
    CHECK(stream.open());
    (c.*leave)();
    CHECK(eventually([&] { return !stream.open(); }));
    CHECK(eventually([&] { return s->connections() == 0; }));
  }
  CHECK(s.cut_off() == 0);
  for (const auto& a : s.accesses())
    CHECK(a.status == 200);
}

TEST_CASE("a drain ends streams in order, also one that opens during it") {
  served s;
  auto c = s.connect();
  auto late = s.connect();
  REQUIRE(c.send(get("/held")));
  auto stream = open_stream(s);
  REQUIRE(late.send(get("/held")));
  auto answer = s.held.take(1);
  s->stop_accepting();
  CHECK(stream.write("before"));
  CHECK_FALSE(s->drain(20ms)); // one is not answered
  CHECK(c.read_to("before\r\n0\r\n\r\n"));
  CHECK(c.ended());
  c.close();
  CHECK_FALSE(stream.open());
  auto opened = answer[0].stream(event_stream);
  CHECK(late.read_to("\r\n\r\n0\r\n\r\n"));
  late.close();
  CHECK(s->drain(5s));
  s->stop();
  CHECK_FALSE(opened.write("after"));
}

TEST_CASE("thousands of streams hold no thread") {
  served s;
  constexpr int many = 2000;
  const int before = thread_count();
  std::vector<client> clients;
  std::vector<reply_stream> streams;
  for (int i = 0; i < many; ++i) {
    clients.push_back(s.connect());
    REQUIRE(clients.back().send(get("/held")));
    streams.push_back(open_stream(s));
  }
  CHECK(thread_count() == before);
  for (auto& stream : streams)
    REQUIRE(stream.write("hello"));
  for (auto& c : clients)
    REQUIRE(c.read_to("hello\r\n"));
  CHECK(thread_count() == before);
}
