#include "sim/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace troupe::sim {

namespace {

// Three significant digits need 2 * 10^3 parts in the first bucket; the next power of two.
constexpr int linear_bits = 11;
constexpr size_t parts = size_t{1} << (linear_bits - 1);

} // namespace

size_t histogram::index_of(int64_t value) {
  const auto v = static_cast<uint64_t>(value);
  const int doublings = std::max(0, static_cast<int>(std::bit_width(v)) - linear_bits);
  return static_cast<size_t>(doublings) * parts + static_cast<size_t>(v >> doublings);
}

int64_t histogram::largest_of(size_t index) {
  const size_t doublings = index < 2 * parts ? 0 : index / parts - 1;
  const uint64_t part = index - doublings * parts;
  return static_cast<int64_t>(((part + 1) << doublings) - 1);
}

void histogram::record(int64_t value, uint64_t times) {
  if (times == 0)
    return;
  value = std::clamp<int64_t>(value, 0, highest);
  const auto index = index_of(value);
  if (index >= counts_.size())
    counts_.resize(index + 1);
  counts_[index] += times;
  count_ += times;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value) * static_cast<double>(times);
}

void histogram::merge(const histogram& other) {
  if (other.counts_.size() > counts_.size())
    counts_.resize(other.counts_.size());
  for (size_t i = 0; i < other.counts_.size(); ++i)
    counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

void histogram::clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = 0;
  max_ = 0;
  sum_ = 0;
}

double histogram::mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

int64_t histogram::percentile(double percent) const {
  if (count_ == 0)
    return 0;
  const auto share = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count_);
  const auto wanted = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share)));
  uint64_t seen = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted)
      return std::min(largest_of(i), max_);
  }
  return max_;
}

std::vector<histogram::bucket> histogram::buckets() const {
  std::vector<bucket> out;
  for (size_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] > 0)
      out.push_back({std::min(largest_of(i), max_), counts_[i]});
  return out;
}

} // namespace troupe::sim
