#include "http/if_match.hpp"

#include "http/field_value.hpp"

#include <charconv>

namespace troupe::http {

namespace {

/// The number in `"3"`; nothing for any other tag.
std::optional<int32_t> version_of(std::string_view tag) {
  if (tag.size() < 3 || !tag.starts_with('"') || !tag.ends_with('"') || tag[1] == '0')
    return std::nullopt;
  tag = tag.substr(1, tag.size() - 2);
  int32_t version = 0;
  const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), version);
  if (error != std::errc() || end != tag.data() + tag.size() || version < 1)
    return std::nullopt;
  return version;
}

} // namespace

std::optional<std::vector<int32_t>> versions_in(std::string_view if_match) {
  auto list = trimmed(if_match);
  if (list == "*")
    return std::nullopt;
  std::vector<int32_t> versions;
  while (!list.empty()) {
    const auto end = list.find(',');
    if (const auto version = version_of(trimmed(list.substr(0, end))))
      versions.push_back(*version);
    list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  }
  return versions;
}

} // namespace troupe::http
