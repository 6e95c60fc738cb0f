// Deterministic simulation: the whole node in virtual time, from seeds, against fakes that fail.
// The program `dst` runs any number of seeds by hand.

#include "tests/dst/seeds.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <thread>

using namespace troupe;
using namespace troupe::dst;

namespace {

/// One a core, so that the run is over in a minute.
int threads() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 4U));
}

struct quiet {
  quiet() { silence_log(); }
};

} // namespace

TEST_CASE_FIXTURE(quiet, "the same seed gives the same trace") {
  for (const uint64_t seed : {1U, 2U, 3U}) {
    const auto once = run_seed(seed, {.whole_trace = true});
    const auto again = run_seed(seed, {.whole_trace = true});
    CHECK(once.digest == again.digest);
    CHECK(once.tail == again.tail);
    CHECK(once.tail.size() > 10'000);
  }
  CHECK(run_seed(1).digest != run_seed(2).digest);
}

TEST_CASE_FIXTURE(quiet, "no seed breaks a promise, and every kind of mishap happens") {
  const auto sum = run_seeds(1, 500, threads(), {}, [](const verdict& v) {
    if (!v.broken.empty())
      FAIL_CHECK(report_of(v));
  });
  CHECK(sum.seeds == 500);
  for (size_t m = 0; m < sum.counts.size(); ++m)
    CHECK_MESSAGE(sum.counts[m] > 0, std::string(to_string(static_cast<mishap>(m))));
  for (const char* end : {"CANCELLED/PENDING", "CANCELLED/FAILED", "CANCELLED/REFUNDED",
                          "CONFIRMED/SUCCESS", "DISPATCHED/SUCCESS", "COMPLETED/SUCCESS"})
    CHECK_MESSAGE(sum.ends.contains(end), end);
}

TEST_CASE_FIXTURE(quiet, "each rule is needed: a seed tells when it is broken") {
  for (int s = 1; s < sabotage_count; ++s) {
    const auto rule = static_cast<sabotage>(s);
    uint64_t seed = 1;
    while (seed <= 40 && run_seed(seed, {.rule = rule}).broken.empty())
      ++seed;
    CHECK_MESSAGE(seed <= 40, std::string(to_string(rule)));
    MESSAGE(std::string(to_string(rule)), ": told by seed ", seed);
  }
}
