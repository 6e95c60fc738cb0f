// Who the client is behind reverse proxies.

#include "http/client_address.hpp"
#include "served.hpp"

#include <doctest/doctest.h>

using namespace troupe::http;
using namespace troupe::http::test;

namespace {

const std::vector<std::string> proxies = {"10.0.0.0/8", "192.168.7.1", "fd00::/8"};

std::string client_of(const std::string& peer, const header_list& headers) {
  return proxy_policy(proxies).client_of(peer, headers);
}

std::string by_x(const std::string& value) {
  return client_of("10.0.0.1", {{"x-forwarded-for", value}});
}

std::string by_standard(const std::string& value) {
  return client_of("10.0.0.1", {{"Forwarded", value}});
}

} // namespace

TEST_CASE("only a trusted proxy is believed") {
  const header_list told = {{"X-Forwarded-For", "1.2.3.4"}, {"Forwarded", "for=1.2.3.4"}};
  CHECK(client_of("8.8.8.8", told) == "8.8.8.8");
  CHECK(client_of("192.168.7.2", told) == "192.168.7.2");
  CHECK(client_of("192.168.7.1", told) == "1.2.3.4");
  CHECK(client_of("::ffff:10.9.9.9", told) == "1.2.3.4");
  CHECK(client_of("fd00::1", told) == "1.2.3.4");
  CHECK(client_of("10.0.0.1", {}) == "10.0.0.1");
  CHECK(proxy_policy({}).client_of("10.0.0.1", told) == "10.0.0.1");
}

TEST_CASE("the rightmost address that is no trusted proxy counts") {
  CHECK(by_x("1.2.3.4") == "1.2.3.4");
  CHECK(by_x("6.6.6.6, 1.2.3.4") == "1.2.3.4");
  CHECK(by_x("6.6.6.6 ,1.2.3.4,10.3.3.3,  192.168.7.1") == "1.2.3.4");
  CHECK(by_x("10.3.3.3, 10.4.4.4") == "10.3.3.3"); // a client within the own network
  CHECK(by_x("1.2.3.4:5678") == "1.2.3.4");
  CHECK(by_x("[2001:db8::1]:443") == "2001:db8::1");
  CHECK(by_x("2001:DB8::1") == "2001:db8::1");
  CHECK(by_x("::ffff:1.2.3.4") == "1.2.3.4");
  const header_list twice = {{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "1.2.3.4"}};
  CHECK(client_of("10.0.0.1", twice) == "1.2.3.4");
}

TEST_CASE("what is no address counts as the proxy that wrote it") {
  for (const auto* bad : {"", "unknown", "1.2.3", "1.2.3.4.5", "1.2.3.4;", "[::1", "a.example"}) {
    CAPTURE(bad);
    CHECK(by_x(bad) == "10.0.0.1");
    CHECK(by_x(std::string("1.2.3.4, ") + bad + ", 10.3.3.3") == "10.3.3.3");
  }
  CHECK(by_standard("for=_hidden") == "10.0.0.1");
  CHECK(by_standard("proto=https") == "10.0.0.1");
}

TEST_CASE("Forwarded") {
  CHECK(by_standard("for=1.2.3.4") == "1.2.3.4");
  CHECK(by_standard("for=6.6.6.6, For=\"1.2.3.4:99\";proto=https;by=10.0.0.1") == "1.2.3.4");
  CHECK(by_standard("proto=http; for=\"[2001:db8::1]:443\"") == "2001:db8::1");
  CHECK(by_standard("host=\"a,b;c\";for=1.2.3.4, for=10.3.3.3") == "1.2.3.4");
}

TEST_CASE("a header that came through unchecked beside the proxy's own is not believed") {
  CHECK(client_of("10.0.0.1", {{"Forwarded", "for=6.6.6.6"}, {"X-Forwarded-For", "1.2.3.4"}})
        == "10.0.0.1");
  CHECK(client_of("10.0.0.1", {{"Forwarded", "for=1.2.3.4"}, {"X-Forwarded-For", "1.2.3.4"}})
        == "1.2.3.4");
}

TEST_CASE("networks") {
  for (const auto* good : {"10.0.0.0/8", "1.2.3.4", "1.2.3.4/32", "0.0.0.0/0", "::/0", "::1",
                           "2001:db8::/33", "::ffff:10.0.0.0/104"}) {
    CAPTURE(good);
    CHECK(network::parse(good));
  }
  for (const auto* bad :
       {"", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0",
        "2001:db8::/129", "2001:db8::1/64", "localhost", "1.2.3.4 "}) {
    CAPTURE(bad);
    CHECK_FALSE(network::parse(bad));
  }
  CHECK_FALSE(parse_address(std::string_view("1.2.3.4\0x", 9)));
  const auto odd = *network::parse("10.128.0.0/9");
  CHECK(odd.contains(*parse_address("10.255.0.1")));
  CHECK_FALSE(odd.contains(*parse_address("10.127.0.1")));
  CHECK_FALSE(network::parse("0.0.0.0/0")->contains(*parse_address("2001:db8::1")));
  CHECK(network::parse("::/0")->contains(*parse_address("1.2.3.4")));
}

TEST_CASE("a limit counts IPv6 addresses by their /64") {
  CHECK(network_of("1.2.3.4") == "1.2.3.4");
  CHECK(network_of("2001:db8:0:1::5") == "2001:db8:0:1::/64");
  CHECK(network_of("2001:db8:0:1:ffff::") == network_of("2001:db8:0:1::5"));
  CHECK(network_of("2001:db8:0:2::5") != network_of("2001:db8:0:1::5"));
}

TEST_CASE("a front tells handlers the client's address") {
  front_options options;
  options.trusted_proxies = {"127.0.0.1"};
  served behind_proxy(std::move(options));
  served alone;
  const auto asked = get("/items/1", "X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\n");
  CHECK(behind_proxy.connect().ask(asked)->header("X-From") == "1.2.3.4");
  CHECK(alone.connect().ask(asked)->header("X-From") == "127.0.0.1");
}

TEST_CASE("a front answers what is not admitted, and keeps the connection") {
  front_options options;
  options.admit = [](const request& asked) -> std::optional<problem> {
    if (asked.route == "/ping")
      return std::nullopt;
    return problem{.status = 429, .code = "rate_limited", .retry_after = 3};
  };
  served s(std::move(options));
  auto c = s.connect();
  const auto a = c.ask(get("/items/1"));
  CHECK(a->status == 429);
  CHECK(a->code() == "rate_limited");
  CHECK(a->header("Retry-After") == "3");
  CHECK(c.ask(get("/nowhere"))->status == 429);
  CHECK(c.ask(get("/ping"))->status == 200);
  CHECK(s.accesses().front().route == "/items/:id");
}
