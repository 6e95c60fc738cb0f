#include "http/router.hpp"

#include <algorithm>
#include <stdexcept>

namespace troupe::http {

namespace {

constexpr size_t max_segment = 128;

/// "/a/b" → a, b; "/a/" → a and an empty one, so that a trailing slash is another path.
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> out;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto n = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, n));
    path.remove_prefix(n);
  }
  return out;
}

bool takes(const std::string& segment, std::string_view value) {
  if (segment.starts_with(':'))
    return !value.empty() && value.size() <= max_segment;
  return segment == value;
}

bool matches(const router::route& r, const std::vector<std::string_view>& path) {
  return r.segments.size() == path.size()
         && std::equal(r.segments.begin(), r.segments.end(), path.begin(), takes);
}

header_list params_of(const router::route& r, const std::vector<std::string_view>& path) {
  header_list out;
  for (size_t i = 0; i < path.size(); ++i)
    if (r.segments[i].starts_with(':'))
      out.emplace_back(r.segments[i].substr(1), path[i]);
  return out;
}

void add_method(std::string& list, std::string_view method) {
  // No method's name is part of another's.
  if (list.find(method) == std::string::npos)
    list.append(list.empty() ? "" : ", ").append(method);
}

} // namespace

void router::add(std::string method, std::string pattern, handler run) {
  if (!pattern.starts_with('/'))
    throw std::invalid_argument("a route's pattern must start with /: " + pattern);
  std::vector<std::string> segments;
  for (const auto s : split(pattern))
    segments.emplace_back(s);
  routes_.push_back({std::move(method), std::move(pattern), std::move(segments), std::move(run)});
}

router::found router::find(std::string_view method, std::string_view path) const {
  if (method == "HEAD")
    method = "GET";
  const auto segments = split(path);
  found out;
  for (const auto& r : routes_) {
    if (!matches(r, segments))
      continue;
    if (r.method == method)
      return {&r, params_of(r, segments), {}};
    add_method(out.allow, r.method);
    if (r.method == "GET")
      add_method(out.allow, "HEAD");
  }
  if (!out.allow.empty())
    add_method(out.allow, "OPTIONS");
  return out;
}

std::vector<route_name> router::names() const {
  std::vector<route_name> out;
  out.reserve(routes_.size());
  for (const auto& r : routes_)
    out.push_back({r.method, r.pattern});
  return out;
}

} // namespace troupe::http
