#pragma once
// The growing delay between tries of something that failed: doubles up to a bound.

#include <algorithm>
#include <chrono>

namespace troupe {

class backoff {
public:
  using duration = std::chrono::milliseconds;

  constexpr backoff(duration first, duration longest)
      : first_(first), longest_(longest), next_(first) {}

  /// The delay before the next try.
  constexpr duration next() {
    auto now = next_;
    next_ = std::min(next_ * 2, longest_);
    return now;
  }

  /// It worked: start small again.
  constexpr void reset() { next_ = first_; }

private:
  duration first_, longest_, next_;
};

} // namespace troupe
