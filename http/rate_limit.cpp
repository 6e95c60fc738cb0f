#include "http/rate_limit.hpp"

#include <algorithm>
#include <functional>

namespace troupe::http {

namespace {

rate_limiter::clock::duration interval_of(rate r) {
  using std::chrono::minutes;
  return r.per_minute > 0 ? rate_limiter::clock::duration(minutes(1)) / r.per_minute
                          : rate_limiter::clock::duration::zero();
}

} // namespace

rate_limiter::rate_limiter(rate r, size_t capacity)
    : rate_{r.per_minute, std::max<int64_t>(r.burst, 1)}, interval_(interval_of(r)) {
  if (on())
    groups_.resize(std::max<size_t>((capacity + places - 1) / places, 1));
}

std::optional<rate_limiter::clock::duration> rate_limiter::take(std::string_view name,
                                                                clock::time_point now) {
  if (!on())
    return std::nullopt;
  const auto index = std::hash<std::string_view>{}(name) % groups_.size();
  const std::lock_guard guard(locks_.at(index % locks_.size()));
  auto& found = place_of(name, groups_[index]);
  if (found.name != name)
    found = {std::string(name), now};
  const auto full_at = std::max(found.full_at, now) + interval_;
  if (const auto early = full_at - now - interval_ * rate_.burst; early > clock::duration::zero())
    return early;
  found.full_at = full_at;
  return std::nullopt;
}

/// The name's bucket, else the one that gives way.
rate_limiter::bucket& rate_limiter::place_of(std::string_view name, group& of_name) {
  auto* found = std::find_if(of_name.begin(), of_name.end(),
                             [&](const bucket& b) { return b.name == name; });
  if (found != of_name.end())
    return *found;
  // A free place has been full since the clock began.
  return *std::min_element(of_name.begin(), of_name.end(),
                           [](const bucket& a, const bucket& b) { return a.full_at < b.full_at; });
}

} // namespace troupe::http
