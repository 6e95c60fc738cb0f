#include "http/request_rates.hpp"

#include "http/client_address.hpp"

#include <string>

namespace troupe::http {

namespace {

std::optional<problem> check(rate_limiter& limit, std::string_view name, std::string_view whose,
                             prometheus::Counter& refused) {
  const auto wait = limit.take(name, rate_limiter::clock::now());
  if (!wait)
    return std::nullopt;
  refused.Increment();
  return problem{
      .status = 429,
      .code = "rate_limited",
      .title = "Too many requests, try again later",
      .detail = "This " + std::string(whose) + " asks more often than the server allows.",
      .retry_after = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(*wait).count())};
}

} // namespace

request_rates::request_rates(rate per_user, rate per_address, metrics& count)
    : users_(per_user),
      addresses_(per_address),
      users_refused_(refusals(count, "rate_user")),
      addresses_refused_(refusals(count, "rate_address")) {}

std::optional<problem> request_rates::check_user(std::string_view id) {
  if (!users_.on())
    return std::nullopt;
  return check(users_, id, "user", users_refused_);
}

std::optional<problem> request_rates::check_address(std::string_view address) {
  if (!addresses_.on())
    return std::nullopt;
  return check(addresses_, network_of(address), "address", addresses_refused_);
}

prometheus::Counter& refusals(metrics& count, const std::string& why) {
  return count.counter("troupe_http_refused_total",
                       "Requests refused before their work began, by why", {{"why", why}});
}

} // namespace troupe::http
