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

/// The delay before something that crashed is made again: starts small after a quiet minute, so
/// that crashes far apart do not add up.
class restart_delay {
public:
  using clock_time = std::chrono::steady_clock::time_point;

  explicit constexpr restart_delay(backoff::duration longest)
      : delay_(std::chrono::milliseconds(100), longest) {}

  /// `now`: of the crash.
  backoff::duration next(clock_time now) {
    if (now - last_crash_ > quiet)
      delay_.reset();
    last_crash_ = now;
    return delay_.next();
  }

private:
  static constexpr std::chrono::minutes quiet{1};

  backoff delay_;
  clock_time last_crash_{};
};

} // namespace troupe
