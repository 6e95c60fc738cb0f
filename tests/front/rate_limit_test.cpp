// The token buckets, by a clock of the test's own.

#include "http/rate_limit.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

using namespace troupe::http;
using namespace std::chrono_literals;

namespace {

using clock_type = rate_limiter::clock;

constexpr clock_type::time_point start{1000h};

/// How many of `tries` at one moment are admitted.
int admitted(rate_limiter& limit, std::string_view name, clock_type::time_point now, int tries) {
  int result = 0;
  for (int i = 0; i < tries; ++i)
    result += limit.take(name, now) ? 0 : 1;
  return result;
}

} // namespace

TEST_CASE("off, everybody is admitted") {
  rate_limiter off({.per_minute = 0, .burst = 1});
  CHECK_FALSE(off.on());
  CHECK(admitted(off, "ada", start, 1000) == 1000);
}

TEST_CASE("a burst, then the rate") {
  rate_limiter limit({.per_minute = 60, .burst = 5});
  CHECK(admitted(limit, "ada", start, 10) == 5);
  CHECK(limit.take("ada", start) == 1s);
  CHECK(limit.take("ada", start + 400ms) == 600ms);
  CHECK(admitted(limit, "ada", start + 1s, 10) == 1);
  CHECK(admitted(limit, "ada", start + 4s, 10) == 3);
  CHECK(admitted(limit, "ada", start + 1h, 100) == 5); // no more than it holds
}

TEST_CASE("a refused request costs nothing") {
  rate_limiter limit({.per_minute = 60, .burst = 1});
  CHECK(admitted(limit, "ada", start, 1000) == 1);
  CHECK_FALSE(limit.take("ada", start + 1s));
}

TEST_CASE("each name has its own bucket") {
  rate_limiter limit({.per_minute = 1, .burst = 2});
  CHECK(admitted(limit, "ada", start, 5) == 2);
  CHECK(admitted(limit, "eve", start, 5) == 2);
}

TEST_CASE("time that does not advance, or a rate beyond the clock's ticks, does no harm") {
  rate_limiter limit({.per_minute = 60, .burst = 3});
  CHECK(admitted(limit, "ada", start, 3) == 3);
  CHECK(limit.take("ada", start - 5s) == 6s);
  rate_limiter fast({.per_minute = 1'000'000'000, .burst = 1'000'000});
  CHECK(admitted(fast, "ada", start, 1000) == 1000);
}

TEST_CASE("a flood of names forgets nobody who has asked much, in no more places") {
  // One group: every name competes for its eight places.
  rate_limiter limit({.per_minute = 1, .burst = 100}, rate_limiter::places);
  CHECK(admitted(limit, "heavy", start, 200) == 100);
  for (int i = 0; i < 10'000; ++i)
    CHECK_FALSE(limit.take("made-up-" + std::to_string(i), start));
  CHECK(limit.take("heavy", start));
  // When nobody's bucket is fuller, the heavy one gives way too: the table does not grow.
  for (int i = 0; i < 8; ++i)
    admitted(limit, "greedy-" + std::to_string(i), start + 10s, 100);
  CHECK_FALSE(limit.take("heavy", start + 10s));
}

TEST_CASE("threads take no more than there is") {
  rate_limiter limit({.per_minute = 1, .burst = 1000});
  std::array<int, 4> taken{};
  {
    std::vector<std::jthread> threads;
    threads.reserve(taken.size());
    for (auto& count : taken)
      threads.emplace_back([&] { count = admitted(limit, "ada", start, 1000); });
  }
  CHECK(taken[0] + taken[1] + taken[2] + taken[3] == 1000);
}
