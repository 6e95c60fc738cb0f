#pragma once
// Chance that comes out of a seed: the same seed, the same run. For simulations.

#include <cstdint>

namespace troupe {

/// splitmix64: the same numbers on every machine, unlike the standard library's distributions.
class chance {
public:
  explicit chance(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15U + 1) {}

  uint64_t next() {
    auto z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  /// 0 to `n` - 1.
  int below(int n) { return static_cast<int>(next() % static_cast<uint64_t>(n)); }
  /// `low` to `high`, both possible.
  int between(int low, int high) { return low + below(high - low + 1); }
  /// 0 up to, not including, 1.
  double unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  bool percent(int p) { return below(100) < p; }
  bool per_mille(int p) { return below(1000) < p; }

private:
  uint64_t state_;
};

} // namespace troupe
