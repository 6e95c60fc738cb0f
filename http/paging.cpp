#include "http/paging.hpp"

#include "http/cursor.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace troupe::http {

namespace {

void complain(complaints& bad) {
  bad.push_back({"?cursor", "must be a cursor of this list in this order"});
}

/// The query as sent, without the parameter `cursor`.
std::string other_parameters(std::string_view query) {
  std::string kept;
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty() || part == "cursor" || part.starts_with("cursor="))
      continue;
    kept += '&';
    kept += part;
  }
  return kept;
}

/// What a target may hold and a link's `<…>` may not.
std::string link_safe(std::string_view target) {
  std::string safe;
  for (const char c : target) {
    if (c == '<')
      safe += "%3C";
    else if (c == '>')
      safe += "%3E";
    else if (c == '"')
      safe += "%22";
    else
      safe += c;
  }
  return safe;
}

} // namespace

std::vector<std::string> read_cursor(const request& q, std::string_view list, size_t count,
                                     complaints& bad) {
  const auto text = q.query_param("cursor");
  if (!text)
    return {};
  auto place = decode_cursor(*text);
  if (place && place->list == list && place->keys.size() == count)
    return std::move(place->keys);
  complain(bad);
  return {};
}

int64_t key_number(const std::string& key, complaints& bad) {
  int64_t value = 0;
  const auto* end = key.data() + key.size();
  const auto [stop, error] = std::from_chars(key.data(), end, value);
  if (error != std::errc() || stop != end || value < 0)
    complain(bad);
  return value;
}

void link_next(response& to, const request& asked, std::string_view list,
               std::vector<std::string> keys) {
  const auto question = asked.target.find('?');
  const auto query = question == std::string::npos
                         ? std::string_view()
                         : std::string_view(asked.target).substr(question + 1);
  // The cursor first: of two parameters of one name, however spelt, the first one counts.
  std::string link = "<";
  link.append(link_safe(asked.instance())).append("?cursor=");
  link.append(encode_cursor({std::string(list), std::move(keys)}));
  link.append(link_safe(other_parameters(query))).append(">; rel=\"next\"");
  to.headers.emplace_back("Link", std::move(link));
}

} // namespace troupe::http
