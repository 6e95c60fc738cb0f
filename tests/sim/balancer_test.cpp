// Which node a connection goes to, without a network.

#include "sim/balancer.hpp"
#include "tests/sim/recorded.hpp"

#include <doctest/doctest.h>

#include <set>

namespace troupe::sim::test {

namespace {

using namespace std::chrono_literals;

const std::vector<std::string> three{"http://a", "http://b", "http://c"};

} // namespace

TEST_CASE("connections go to the nodes in turn, and stay while their node is in the set") {
  balancer nodes(three);
  for (size_t i = 0; i < 6; ++i)
    CHECK(nodes.node_for({}) == i % 3);
  for (size_t i = 0; i < 3; ++i)
    CHECK(nodes.node_for(i) == i);
}

TEST_CASE("who has lost its node goes to the others in turn, until a probe finds it ready") {
  balancer nodes(three);
  nodes.failed(1, start);
  CHECK(!nodes.is_in(1));
  CHECK(nodes.node_for(1) == 0);
  CHECK(nodes.node_for(1) == 2);
  CHECK(nodes.node_for({}) == 0);
  nodes.probed(1, false, start);
  CHECK(!nodes.is_in(1));
  nodes.probed(1, true, start);
  CHECK(nodes.is_in(1));
  CHECK(nodes.node_for(1) == 1);
}

TEST_CASE("a node that says that it is not ready leaves the set") {
  balancer nodes(three);
  nodes.probed(2, false, start);
  CHECK(!nodes.is_in(2));
  CHECK(nodes.node_for(2) != 2);
}

TEST_CASE("with none in the set each is tried in turn, and none twice in a row") {
  balancer nodes(three);
  for (size_t i = 0; i < 3; ++i)
    nodes.failed(i, start);
  std::set<size_t> tried;
  size_t current = 0;
  for (int i = 0; i < 3; ++i) {
    const auto next = nodes.node_for(current);
    CHECK(next != current);
    tried.insert(next);
    current = next;
  }
  CHECK(tried.size() == 3);
}

TEST_CASE("one node alone is always in the set") {
  balancer nodes({"http://a"});
  CHECK(nodes.knows_all());
  nodes.failed(0, start);
  nodes.probed(0, false, start);
  CHECK(nodes.is_in(0));
  CHECK(nodes.node_for(0) == 0);
  CHECK(nodes.records(start + 1s).at(0).out == 0s);
}

TEST_CASE("all are known once each has been heard of") {
  balancer nodes(three);
  nodes.probed(0, true, start);
  nodes.failed(1, start);
  CHECK(!nodes.knows_all());
  nodes.probed(2, false, start);
  CHECK(nodes.knows_all());
}

TEST_CASE("it says what each got, and how long each was out") {
  balancer nodes(three);
  nodes.sent(0);
  nodes.sent(0);
  nodes.failed(1, start);
  nodes.failed(1, start + 1s); // it is out already
  nodes.probed(1, true, start + 2s);
  nodes.failed(1, start + 10s);
  nodes.probed(1, true, start + 11s);
  nodes.failed(2, start + 5s);
  const auto records = nodes.records(start + 12s);
  CHECK(records.at(0).url == "http://a");
  CHECK(records.at(0).requests == 2);
  CHECK(records.at(0).out == 0s);
  CHECK(records.at(1).requests == 0);
  CHECK(records.at(1).out == 3s);
  CHECK(records.at(2).out == 7s); // and is still out
}

TEST_CASE("a URL that is none, or that is named twice, is a mistake that names it") {
  std::vector<std::string> mistakes;
  CHECK(node_urls({"http://a:3000/", "http://A:3001", "http://[::1]:80"}, mistakes)
        == std::vector<std::string>{"http://a:3000", "http://A:3001", "http://[::1]:80"});
  CHECK(mistakes.empty());
  for (const char* bad : {"", "a:3000", "127.0.0.1:3000", "http://", "https://a", "http://a:99999",
                          "http://a b", "http://u@a", "http://a?b=c", "http://a#b"}) {
    CAPTURE(bad);
    mistakes.clear();
    CHECK(node_urls({bad}, mistakes).empty());
    REQUIRE(mistakes.size() == 1);
    CHECK(mistakes[0] == "--url: must be http://host:port, not \"" + std::string(bad) + "\"");
  }
  mistakes.clear();
  CHECK(node_urls({"http://a", "http://b", "http://A:80/"}, mistakes).size() == 2);
  CHECK(mistakes == std::vector<std::string>{"--url: http://A:80/ is named twice"});
}

} // namespace troupe::sim::test
