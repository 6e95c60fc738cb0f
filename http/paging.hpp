#pragma once
// Pages of lists: `limit`, `cursor`, and the link to the next page. A route asks its store for one
// row more than the page shows: when it comes, there is a next page.
// Source: "Lists take" in docs/api.md.

#include "http/message.hpp"
#include "http/query.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::http {

/// The rows of a page where the request names no `limit`.
inline constexpr int default_limit = 50;

/// The keys in `cursor`, which must be `count` keys of `list`, else a complaint; empty without one.
std::vector<std::string> read_cursor(const request& q, std::string_view list, size_t count,
                                     complaints& bad);

/// A whole number among a cursor's keys; a complaint when it is none.
int64_t key_number(const std::string& key, complaints& bad);

/// Cuts `rows` to `limit`; true: there were more.
template <class Row>
bool cut_to_page(std::vector<Row>& rows, int limit) {
  const bool more = rows.size() > static_cast<size_t>(limit);
  if (more)
    rows.resize(static_cast<size_t>(limit));
  return more;
}

/// Adds `Link: <…>; rel="next"`: the request's target with every other parameter as it was sent.
void link_next(response& to, const request& asked, std::string_view list,
               std::vector<std::string> keys);

} // namespace troupe::http
