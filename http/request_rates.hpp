#pragma once
// The limits of how often a user and an address may ask, and what those past them are answered.

#include "http/problem.hpp"
#include "http/rate_limit.hpp"
#include "telemetry/metrics.hpp"

#include <optional>
#include <string_view>

namespace troupe::http {

/// Thread-safe. Past a limit the answer is 429 with Retry-After, and counted.
class request_rates {
public:
  /// `count` outlives it.
  request_rates(rate per_user, rate per_address, metrics& count);

  /// Counts a request that acts as `id`; the answer when that is one too many.
  std::optional<problem> check_user(std::string_view id);
  /// Counts a request from `address`; likewise. An IPv6 one counts for its /64.
  std::optional<problem> check_address(std::string_view address);

private:
  rate_limiter users_, addresses_;
  prometheus::Counter& users_refused_;
  prometheus::Counter& addresses_refused_;
};

/// Counts requests that were refused before their work began, by why: rate_user, rate_address,
/// in_flight, memory.
prometheus::Counter& refusals(metrics& count, const std::string& why);

} // namespace troupe::http
