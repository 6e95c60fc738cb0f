#include "persistence/order_pages.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::pg {

namespace {

// Keys that are compared as a row are what lets an index find where the page begins.
#define TROUPE_OLDER                                                                               \
  " and (created_at, id) < (coalesce(timestamptz 'epoch' + $3::bigint"                             \
  " * interval '1 microsecond', 'infinity'), $4::text)"                                            \
  " order by created_at desc, id desc limit $5::integer"

constexpr std::string_view users_page_sql
    = "select id from orders where user_id = $1::text and status = any($2::text[])" TROUPE_OLDER;

constexpr std::string_view page_sql
    = "select o.id from unnest($2::text[]) s(status) cross join lateral ("
      "  select id, created_at from orders where orders.status = s.status" TROUPE_OLDER ") o"
      " where $1::text = '' order by o.created_at desc, o.id desc limit $5::integer";

#undef TROUPE_OLDER

} // namespace

statement page_of_orders(const order_filter& by) {
  std::vector<std::string> statuses;
  for (int i = 0; i < order_status_count; ++i)
    if (const auto status = static_cast<order_status>(i); !by.status || *by.status == status)
      statuses.emplace_back(to_string(status));
  std::optional<int64_t> since;
  if (by.after)
    since = by.after->created_at.time_since_epoch().count();
  return {by.user_id.empty() ? page_sql : users_page_sql,
          {by.user_id, statuses, since, by.after ? by.after->id : "", by.limit}};
}

} // namespace troupe::pg
