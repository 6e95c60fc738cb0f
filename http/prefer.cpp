#include "http/prefer.hpp"

#include "http/field_value.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace troupe::http {

namespace {

/// Cuts off what stands before the next `mark` that is in no quoted string.
std::string_view next_part(std::string_view& rest, char mark) {
  bool quoted = false;
  size_t at = 0;
  for (; at < rest.size() && (quoted || rest[at] != mark); ++at)
    if (rest[at] == '"')
      quoted = !quoted;
    else if (quoted && rest[at] == '\\')
      ++at;
  at = std::min(at, rest.size());
  const auto part = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return trimmed(part);
}

std::optional<std::chrono::seconds> seconds_of(std::string_view value) {
  if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
    value = value.substr(1, value.size() - 2);
  if (value.empty()
      || !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  int64_t seconds = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (read.ec != std::errc{}) // more than 64 bits hold
    return longest_wait;
  return std::min(std::chrono::seconds(seconds), longest_wait);
}

} // namespace

std::optional<std::chrono::seconds> wait_preference(const request& q) {
  for (const auto& [name, value] : q.headers) {
    if (!iequals(name, "Prefer"))
      continue;
    for (std::string_view rest = value; !rest.empty();) {
      auto preference = next_part(rest, ',');
      auto wish = next_part(preference, ';'); // parameters of `wait` are not known
      const auto token = next_part(wish, '=');
      if (iequals(token, "wait"))
        return seconds_of(trimmed(wish));
    }
  }
  return std::nullopt;
}

} // namespace troupe::http
