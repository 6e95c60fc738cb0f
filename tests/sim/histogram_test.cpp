#include "sim/histogram.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using troupe::sim::histogram;

namespace {

int64_t exact(std::vector<int64_t>& sorted, double percent) {
  const auto rank
      = static_cast<size_t>(std::ceil(percent / 100 * static_cast<double>(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

} // namespace

TEST_CASE("a histogram of nothing says 0 to everything") {
  histogram h;
  CHECK(h.empty());
  CHECK(h.percentile(50) == 0);
  CHECK(h.max() == 0);
  CHECK(h.mean() == 0);
  CHECK(h.buckets().empty());
}

TEST_CASE("up to 2047 values are exact") {
  histogram h;
  for (int64_t v = 0; v <= 2047; ++v)
    h.record(v);
  CHECK(h.buckets().size() == 2048);
  CHECK(h.percentile(0) == 0);
  CHECK(h.percentile(50) == 1023);
  CHECK(h.percentile(100) == 2047);
}

TEST_CASE("each value is told within 0.1 percent and never below itself, at every bucket's edge") {
  for (int bit = 0; bit < 32; ++bit)
    for (int64_t off : {-1, 0, 1}) {
      const int64_t value = (int64_t{1} << bit) + off;
      if (value > histogram::highest)
        continue;
      histogram h;
      h.record(value);
      h.record(histogram::highest);
      const auto told = h.percentile(50);
      CAPTURE(value);
      CHECK(told >= value);
      CHECK(static_cast<double>(told - value) <= static_cast<double>(value) / 1024);
    }
}

TEST_CASE("percentiles of many values are within 0.1 percent of the sorted ones") {
  const uint64_t seed = 7;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> latencies(9, 2);
  std::vector<int64_t> values(20'000);
  histogram h;
  for (auto& v : values)
    h.record(v = std::min(histogram::highest, static_cast<int64_t>(latencies(random))));
  std::sort(values.begin(), values.end());
  for (double percent : {0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    CAPTURE(percent);
    const auto truth = exact(values, percent), told = h.percentile(percent);
    CHECK(told >= truth);
    CHECK(static_cast<double>(told - truth) <= static_cast<double>(truth) / 1024);
  }
  CHECK(h.max() == values.back());
  CHECK(h.percentile(100) == values.back());
}

TEST_CASE("out of range counts at the end of the range") {
  histogram h;
  h.record(-5);
  h.record(histogram::highest + 1000);
  CHECK(h.count() == 2);
  CHECK(h.percentile(50) == 0);
  CHECK(h.max() == histogram::highest);
  CHECK(h.buckets().back().upto == histogram::highest);
}

TEST_CASE("merged is as if all had been recorded in one") {
  histogram a, b, all;
  for (int64_t v = 1; v < 1'000'000; v += 997) {
    (v % 2 == 0 ? a : b).record(v);
    all.record(v);
  }
  a.merge(b);
  CHECK(a.count() == all.count());
  CHECK(a.max() == all.max());
  CHECK(a.mean() == doctest::Approx(all.mean()));
  for (double percent : {10.0, 50.0, 99.0})
    CHECK(a.percentile(percent) == all.percentile(percent));
  a.clear();
  CHECK(a.empty());
  CHECK(a.percentile(99) == 0);
}
