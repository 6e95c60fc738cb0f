#pragma once
// How often somebody may ask: a token bucket for each name, in memory. Thread-safe.

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::http {

struct rate {
  int64_t per_minute = 0; ///< tokens that a bucket gains; 0: no limit
  int64_t burst = 1;      ///< tokens that it holds, and has at first
};

/// The buckets are in a table of fixed size, so that whoever makes up names takes no memory. A name
/// has a few places where its bucket may be; when all are taken, the fullest bucket gives way. A
/// full one is as good as none, so forgetting it changes nothing; and a flood of made-up names,
/// whose buckets are nearly full, pushes out one another and not those who have asked much.
class rate_limiter {
public:
  using clock = std::chrono::steady_clock;

  static constexpr size_t places = 8; ///< of a name
  /// `capacity`: buckets, rounded up to whole groups; none are made when there is no limit.
  explicit rate_limiter(rate r, size_t capacity = 32'768);

  bool on() const { return rate_.per_minute > 0; }

  /// Takes a token for `name`. Nothing: it was there. Else how long until one is.
  std::optional<clock::duration> take(std::string_view name, clock::time_point now);

private:
  /// A bucket is told by when it will be full: a token taken puts that off by `interval_`.
  struct bucket {
    std::string name; ///< empty: a free place
    clock::time_point full_at;
  };
  using group = std::array<bucket, places>;

  static bucket& place_of(std::string_view name, group& of_name);

  const rate rate_;
  const clock::duration interval_; ///< in which one token is gained
  std::vector<group> groups_;
  std::array<std::mutex, 16> locks_; ///< of every sixteenth group
};

} // namespace troupe::http
