#pragma once
// Counts of values, log-linear with three significant digits, in HdrHistogram's layout: values up
// to 2047 have a count each; above, each doubling of the value is divided into 1024 equal parts. So
// a value is told from its neighbours within 1/1024 of itself (0.1 %), from 1 to `highest`, and the
// memory is bounded: 23,552 counts at most (184 KiB), and only up to the largest value recorded.
// No unit of its own; the simulation records microseconds. Not for several threads at once.
// Source: http://hdrhistogram.org

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::sim {

class histogram {
public:
  /// 71 minutes in microseconds. What is larger counts as this; what is negative counts as 0.
  static constexpr int64_t highest = (int64_t{1} << 32) - 1;

  void record(int64_t value, uint64_t times = 1);
  void merge(const histogram& other);
  /// Forgets all values and keeps the memory.
  void clear();

  uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  /// Exact; 0 when nothing was recorded. A value above `highest` counts as it here too.
  int64_t max() const { return max_; }
  /// Of the recorded values, not of their buckets; 0 when nothing was recorded.
  double mean() const;

  /// The smallest value that at least `percent` (0 to 100) of the recorded ones do not exceed, as
  /// the largest that its bucket holds: never below the true value and at most 0.1 % above it;
  /// never above `max()`. 0 when nothing was recorded.
  int64_t percentile(double percent) const;

  struct bucket {
    int64_t upto = 0; ///< the largest value that counts here
    uint64_t count = 0;
  };
  /// Those that hold something, ascending.
  std::vector<bucket> buckets() const;

private:
  static size_t index_of(int64_t value);
  static int64_t largest_of(size_t index);

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

} // namespace troupe::sim
