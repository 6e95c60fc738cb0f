#include "http/framing.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

using namespace troupe::http;
using namespace std::string_literals;

namespace {

/// What came out of the framer, as text, so that two runs can be compared.
struct trace {
  std::vector<std::string> requests;
  int refused = 0; ///< status, 0: not refused
  bool partial = false;
  bool operator==(const trace&) const = default;
};

std::string describe(const framed_request& r) {
  std::string out = r.head.method + " " + r.head.target + " @" + r.head.authority
                    + (r.head.http_1_0 ? " 1.0" : "") + (r.head.keep_alive ? " keep" : " close");
  for (const auto& [name, value] : r.head.headers)
    out.append("|").append(name).append("=").append(value);
  return out.append("|").append(r.body);
}

trace run(const std::vector<std::string_view>& pieces, const framing_limits& limits = {}) {
  framer f(limits);
  trace out;
  for (const auto piece : pieces) {
    f.append(piece);
    for (bool more = true; more;) {
      switch (f.next()) {
        case framer::step::more:
          more = false;
          break;
        case framer::step::head:
          break;
        case framer::step::request:
          out.requests.push_back(describe(f.take()));
          break;
        case framer::step::refused:
          out.refused = f.why().status;
          return out;
      }
    }
  }
  out.partial = f.partial();
  return out;
}

trace run(std::string_view all, const framing_limits& limits = {}) {
  return run(std::vector{all}, limits);
}

int refused(std::string_view all, const framing_limits& limits = {}) {
  return run(all, limits).refused;
}

std::vector<std::string_view> bytes_of(std::string_view all) {
  std::vector<std::string_view> out;
  for (size_t i = 0; i < all.size(); ++i)
    out.push_back(all.substr(i, 1));
  return out;
}

std::string post(std::string_view headers, std::string_view body) {
  std::string out = "POST /a HTTP/1.1\r\nHost: h\r\n";
  return out.append(headers).append("\r\n").append(body);
}

const std::string chunked_head = "Transfer-Encoding: chunked\r\n";

} // namespace

TEST_CASE("requests are cut where they end") {
  const auto out = run("GET /x?y=1 HTTP/1.1\r\nHost: h:1\r\nA:  b c \t\r\n\r\n"
                       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                       "\r\nGET / HTTP/1.0\r\n\r\nGET / HT");
  CHECK(out.requests
        == std::vector<std::string>{"GET /x?y=1 @h:1 keep|Host=h:1|A=b c|",
                                    "POST / @h keep|Host=h|Content-Length=3|abc",
                                    "GET / @ 1.0 close|"});
  CHECK(out.refused == 0);
  CHECK(out.partial);
}

TEST_CASE("a body without a length is empty") {
  CHECK(run(post("", "")).requests.size() == 1);
  CHECK(!run(post("", "")).partial);
}

TEST_CASE("who keeps the connection") {
  const auto keeps = [](std::string_view version, std::string_view headers) {
    std::string all = "GET / ";
    all.append(version).append("\r\nHost: h\r\n").append(headers).append("\r\n");
    return run(all).requests.at(0).find(" keep|") != std::string::npos;
  };
  CHECK(keeps("HTTP/1.1", ""));
  CHECK(!keeps("HTTP/1.1", "Connection: Close\r\n"));
  CHECK(!keeps("HTTP/1.1", "Connection: x\r\nConnection: foo , CLOSE\r\n"));
  CHECK(!keeps("HTTP/1.0", ""));
  CHECK(keeps("HTTP/1.0", "Connection: Keep-Alive\r\n"));
  CHECK(!keeps("HTTP/1.0", "Connection: keep-alive, close\r\n"));
}

TEST_CASE("an absolute target is read as its host and path") {
  CHECK(run("GET http://Shop:80/a?b HTTP/1.1\r\nHost: other\r\n\r\n").requests.at(0)
        == "GET /a?b @Shop:80 keep|Host=other|");
  CHECK(run("GET HTTP://shop?b HTTP/1.1\r\nHost: shop\r\n\r\n").requests.at(0)
        == "GET /?b @shop keep|Host=shop|");
}

TEST_CASE("malformed heads are refused") {
  const std::vector<std::string> bad = {
      "GET / HTTP/1.1\nHost: h\n\n",
      "GET / HTTP/1.1\r\nHost: h\r\n\n",
      "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.1 x\r\nHost: h\r\n\r\n",
      "GET / http/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.10\r\nHost: h\r\n\r\n",
      " GET / HTTP/1.1\r\nHost: h\r\n\r\n",
      "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
      "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.1\r\nHost:\r\n\r\n",
      "GET http://h/ HTTP/1.1\r\nHost: \r\n\r\n",
      "\x16\x03\x01\x02",
      "GET x HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /% HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /%0g HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nA: \0\r\n\r\n"s,
      "GET / HTTP/1.1\r\nHost: h\r\nA: a\rb\r\n\r\n",
  };
  for (const auto& each : bad) {
    CAPTURE(each);
    CHECK(refused(each) == 400);
  }
  CHECK(refused("GET / HTTP/2.0\r\nHost: h\r\n\r\n") == 505);
  CHECK(refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
}

TEST_CASE("two readings of a length are refused") {
  CHECK(refused(post("Content-Length: 1\r\nContent-Length: 1\r\n", "a")) == 400);
  CHECK(refused(post("Content-Length: 1, 1\r\n", "a")) == 400);
  CHECK(refused(post("Content-Length: +1\r\n", "a")) == 400);
  CHECK(refused(post("Content-Length: -1\r\n", "a")) == 400);
  CHECK(refused(post("Content-Length: 0x1\r\n", "a")) == 400);
  CHECK(refused(post("Content-Length:\r\n", "a")) == 400);
  CHECK(refused(post(chunked_head + "Content-Length: 5\r\n", "0\r\n\r\n")) == 400);
  CHECK(refused(post("Content-Length: 5\r\n" + chunked_head, "0\r\n\r\n")) == 400);
  CHECK(refused(post(chunked_head + chunked_head, "0\r\n\r\n")) == 400);
  CHECK(refused(post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")) == 501);
  CHECK(refused(post("Transfer-Encoding: identity\r\n", "")) == 501);
  CHECK(refused("POST / HTTP/1.0\r\n" + chunked_head + "\r\n0\r\n\r\n") == 400);
  CHECK(refused(post("Content-Encoding: gzip\r\n", "")) == 415);
  CHECK(refused(post("Expect: a-miracle\r\n", "")) == 417);
}

TEST_CASE("bounds hold to the byte") {
  const framing_limits limits{.max_head = 200, .max_target = 20, .max_body = 10, .max_fields = 5};
  const auto head_of = [](size_t size) {
    std::string out = "GET / HTTP/1.1\r\nHost: h\r\nA: ";
    out.append(size - out.size() - 4, 'a');
    return out + "\r\n\r\n";
  };
  CHECK(refused(head_of(200), limits) == 0);
  CHECK(refused(head_of(201), limits) == 431);
  CHECK(run(std::string(head_of(300), 0, 201), limits).refused == 431);
  CHECK(!run(std::string(head_of(300), 0, 200), limits).refused);

  const auto target_of = [](size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  CHECK(refused(target_of(20), limits) == 0);
  CHECK(refused(target_of(21), limits) == 414);
  CHECK(refused(target_of(400), limits) == 414);

  CHECK(refused(post("Content-Length: 10\r\n", "0123456789"), limits) == 0);
  CHECK(refused(post("Content-Length: 11\r\n", ""), limits) == 413);
  CHECK(refused(post("Content-Length: 99999999999999999999999\r\n", ""), limits) == 413);

  std::string fields = "GET / HTTP/1.1\r\nHost: h\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\n";
  CHECK(refused(fields + "\r\n", limits) == 0);
  CHECK(refused(fields + "A:1\r\n\r\n", limits) == 431);
}

TEST_CASE("chunked bodies are decoded, within bounds") {
  const framing_limits limits{.max_head = 200, .max_target = 20, .max_body = 10, .max_fields = 5};
  const auto body_of = [&](std::string_view body) {
    const auto out = run(post(chunked_head, body), limits);
    return out.refused != 0       ? std::to_string(out.refused)
           : out.requests.empty() ? "more"
                                  : out.requests[0].substr(out.requests[0].rfind('|') + 1);
  };
  CHECK(body_of("0\r\n\r\n").empty());
  CHECK(body_of("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") == "abcde");
  CHECK(body_of("00A\r\n0123456789\r\n0\r\n\r\n") == "0123456789");
  CHECK(body_of("a\r\n0123456789\r\n000\r\n\r\n") == "0123456789");
  CHECK(body_of("3;a=b;c=\"d\"\r\nabc\r\n0 ;x\r\nTrailer: 1\r\n\r\n") == "abc");
  CHECK(body_of("3\r\nabc\r\n") == "more");
  CHECK(body_of("3\r\nabc\r\n0\r\n") == "more");
  CHECK(body_of("a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n") == "413");
  CHECK(body_of("b\r\n") == "413");
  CHECK(body_of("fffffffffffffffff\r\n") == "413");
  for (const auto* bad : {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "3\nabc\r\n",
                          "3\r\nabcd\r\n", "3\r\nabc\n", "3\r\nabc0\r\n\r\n", "1 1\r\n",
                          "0\r\nno colon\r\n\r\n", "0\r\n folded: 1\r\n\r\n", "0\r\n\n"}) {
    CAPTURE(bad);
    CHECK(body_of(bad) == "400");
  }
  CHECK(body_of("1;" + std::string(2000, 'x')) == "431");
  std::string flood;
  for (int i = 0; i < 10; ++i)
    flood += "1;" + std::string(1000, 'x') + "\r\na\r\n";
  CHECK(body_of(flood) == "431");
  std::string trailers = "0\r\n";
  for (int i = 0; i < 10; ++i)
    trailers += "A: " + std::string(1000, 'x') + "\r\n";
  CHECK(body_of(trailers) == "431");
}

TEST_CASE("a head is told before its body, once, and says whether to continue") {
  framer f({});
  f.append(post("Expect: 100-continue\r\nContent-Length: 2\r\n", ""));
  REQUIRE(f.next() == framer::step::head);
  CHECK(f.head().expects_continue);
  CHECK(f.drained());
  CHECK(f.next() == framer::step::more);
  f.append("ab");
  REQUIRE(f.next() == framer::step::request);
  CHECK(f.next() == framer::step::request);
  CHECK(f.take().body == "ab");
  CHECK(f.next() == framer::step::more);
}

namespace {

/// Pieces that requests, good and bad, are made of; random ones of them meet in the fuzz.
const std::vector<std::string> material = {
    "GET / HTTP/1.1\r\n",
    "POST /a HTTP/1.1\r\n",
    "PUT /%41?b=%20 HTTP/1.0\r\n",
    "Host: h\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "Expect: 100-continue\r\n",
    "X: y\r\n",
    "\r\n",
    "\n",
    "\r",
    "hello",
    "5\r\nhello\r\n",
    "5;x=y\r\nhello\r\n",
    "0\r\n\r\n",
    "0\r\nT: 1\r\n\r\n",
    "ff\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    std::string(70, 'a'),
    std::string(1, '\0'),
    "\xff",
};

std::string random_input(std::mt19937& random) {
  std::string out;
  // Half of the inputs begin soundly, so that the deep states are reached often.
  if (random() % 2 == 0)
    out = material[19 + random() % 3];
  for (auto n = random() % 12; n > 0; --n)
    out += material[random() % material.size()];
  if (random() % 4 == 0 && !out.empty())
    out[random() % out.size()] = static_cast<char>(random() % 256);
  return out;
}

std::vector<std::string_view> random_split(std::string_view all, std::mt19937& random) {
  std::vector<std::string_view> out;
  while (!all.empty()) {
    const auto n = std::min<size_t>(all.size(), 1 + random() % 20);
    out.push_back(all.substr(0, n));
    all.remove_prefix(n);
  }
  return out;
}

} // namespace

TEST_CASE("however the bytes are split, the same comes out") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const framing_limits limits{.max_head = 150, .max_target = 60, .max_body = 12, .max_fields = 6};
  size_t whole = 0;
  size_t refusals = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto input = random_input(random);
    const auto at_once = run(std::vector<std::string_view>{input}, limits);
    whole += at_once.requests.size();
    refusals += at_once.refused != 0 ? 1 : 0;
    CAPTURE(input);
    REQUIRE(run(bytes_of(input), limits) == at_once);
    REQUIRE(run(random_split(input, random), limits) == at_once);
  }
  // The material is worth its name: many of both ends were reached.
  CHECK(whole > 5'000);
  CHECK(refusals > 5'000);
}
