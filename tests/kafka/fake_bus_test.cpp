// What the fake offers beyond the contract: faults on demand, and a look inside.

#include "kafka-bridge/fake_bus.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::kafka;
using namespace troupe::kafka::test;

TEST_CASE("a bus that is down keeps what is published until it is up") {
  fake_bus bus;
  reports told;
  const auto p = bus.make_publisher(told.callbacks(), 2);
  bus.set_down(true);
  CHECK_FALSE(p->connected());
  CHECK(p->publish(sample("t", 1), 1));
  CHECK(p->publish(sample("t", 2), 2));
  CHECK_FALSE(p->publish(sample("t", 3), 3));
  bus.settle();
  CHECK_FALSE(p->flush(std::chrono::seconds(1)));
  CHECK(told.told() == 0);
  CHECK(bus.records("t").empty());
  bus.set_down(false);
  bus.settle();
  CHECK(told.delivered() == std::vector<uint64_t>{1, 2});
  CHECK(bus.records("t").size() == 2);
  CHECK(p->in_flight() == 0);
}

TEST_CASE("what is too large is refused for good") {
  fake_bus bus;
  reports told;
  bus.set_max_value(10);
  const auto p = bus.make_publisher(told.callbacks());
  CHECK(p->publish(sample("t", 1), 1));
  bus.settle();
  CHECK(told.failed().contains(1));
  CHECK(bus.records("t").empty());
}

TEST_CASE("committed offsets can be looked at") {
  fake_bus bus(1);
  collected got;
  for (int n = 0; n < 3; ++n)
    bus.inject("t", {"k", "v", {}});
  const auto c = bus.make_consumer("g", {"t"}, got.callback());
  bus.settle();
  CHECK(got.size() == 3);
  CHECK(bus.committed("g", "t", 0) == 0);
  c->done({got.tokens()[1]});
  bus.settle();
  CHECK(bus.committed("g", "t", 0) == 0);
  c->done({got.tokens()[0]});
  bus.settle();
  CHECK(bus.committed("g", "t", 0) == 2);
  bus.set_down(true);
  c->done({got.tokens()[2]});
  bus.settle();
  CHECK(bus.committed("g", "t", 0) == 2);
  bus.set_down(false);
  bus.settle();
  CHECK(bus.committed("g", "t", 0) == 3);
  CHECK(bus.committed("other", "t", 0) == 0);
}

TEST_CASE("a bus that never rests is noticed") {
  fake_bus bus(1);
  std::unique_ptr<event_publisher> p;
  p = bus.make_publisher({[&](auto) { (void)p->publish(sample("t", 1), 1); }, {}});
  CHECK(p->publish(sample("t", 1), 1));
  CHECK_THROWS_AS(bus.settle(100), std::runtime_error);
}
