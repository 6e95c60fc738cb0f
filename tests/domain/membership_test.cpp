// When a node may fence another, and until when it may serve.

#include "domain/membership.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace troupe;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

monotonic at(double s) {
  return monotonic(milliseconds(static_cast<int64_t>(s * 1000)));
}

} // namespace

TEST_CASE("a node serves for a lease from when its last good renewal was sent") {
  tenure t;
  t.renewed(at(10));
  CHECK(t.serves_until() == at(13));
  t.missed();
  CHECK(t.serves_until() == at(13));
  t.renewed(at(12.5));
  CHECK(t.serves_until() == at(15.5));
}

TEST_CASE("it fences only after a lease's length of renewals without a gap") {
  tenure t;
  CHECK_FALSE(t.may_fence(at(100)));
  t.renewed(at(10));
  CHECK_FALSE(t.may_fence(at(13)));
  t.renewed(at(11));
  t.renewed(at(12));
  CHECK_FALSE(t.may_fence(at(12.9)));
  CHECK(t.may_fence(at(13)));

  SUBCASE("one that was missed begins anew") {
    t.missed();
    CHECK_FALSE(t.may_fence(at(14)));
    t.renewed(at(14));
    t.renewed(at(15));
    CHECK_FALSE(t.may_fence(at(16)));
    t.renewed(at(16));
    CHECK(t.may_fence(at(17)));
  }
  SUBCASE("one that may be fenced itself fences nobody") {
    CHECK_FALSE(t.may_fence(at(15)));
  }
  SUBCASE("a process that was stopped begins anew") {
    t.renewed(at(30));
    CHECK_FALSE(t.may_fence(at(30)));
    t.renewed(at(31));
    CHECK_FALSE(t.may_fence(at(32)));
  }
}

TEST_CASE("after an outage, nobody who renews again within a lease is fenced by anybody") {
  const auto seed = std::random_device{}();
  INFO("seed ", seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    // Everybody's lease is over at `back`; each renews once a second from its own moment on.
    auto moment = [&] { return std::uniform_real_distribution<>(100, 101)(random); };
    tenure fencer;
    const double first = moment(), peer = moment();
    for (double now = first - 20; now < 90; now += 1)
      fencer.renewed(at(now));
    fencer.missed();
    for (double now = first; now < first + 5; now += 1) {
      fencer.renewed(at(now));
      if (now < peer)
        CHECK_FALSE(fencer.may_fence(at(now)));
    }
    CHECK(fencer.may_fence(at(first + 4.5)));
  }
}
