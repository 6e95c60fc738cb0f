// When a node may fence another, and until when it may serve.

#include "domain/membership.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace troupe;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

monotonic after(double s) {
  return monotonic(milliseconds(static_cast<int64_t>(s * 1000)));
}

} // namespace

TEST_CASE("a node serves for a lease from when its last good renewal was sent") {
  tenure t;
  t.renewed(after(10));
  CHECK(t.serves_until() == after(13));
  t.missed();
  CHECK(t.serves_until() == after(13));
  t.renewed(after(12.5));
  CHECK(t.serves_until() == after(15.5));
}

TEST_CASE("it fences only after a lease's length of renewals without a gap") {
  tenure t;
  CHECK_FALSE(t.may_fence(after(100)));
  t.renewed(after(10));
  CHECK_FALSE(t.may_fence(after(13)));
  t.renewed(after(11));
  t.renewed(after(12));
  CHECK_FALSE(t.may_fence(after(12.9)));
  CHECK(t.may_fence(after(13)));

  SUBCASE("one that was missed begins anew") {
    t.missed();
    CHECK_FALSE(t.may_fence(after(14)));
    t.renewed(after(14));
    t.renewed(after(15));
    CHECK_FALSE(t.may_fence(after(16)));
    t.renewed(after(16));
    CHECK(t.may_fence(after(17)));
  }
  SUBCASE("one that may be fenced itself fences nobody") {
    CHECK_FALSE(t.may_fence(after(15)));
  }
  SUBCASE("a process that was stopped begins anew") {
    t.renewed(after(30));
    CHECK_FALSE(t.may_fence(after(30)));
    t.renewed(after(31));
    CHECK_FALSE(t.may_fence(after(32)));
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
      fencer.renewed(after(now));
    fencer.missed();
    for (double now = first; now < first + 5; now += 1) {
      fencer.renewed(after(now));
      if (now < peer)
        CHECK_FALSE(fencer.may_fence(after(now)));
    }
    CHECK(fencer.may_fence(after(first + 4.5)));
  }
}
