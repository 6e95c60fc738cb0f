// The audit of orders' histories: each row legally follows the one before, and says what it must.

#include "domain/lifecycle.hpp"
#include "persistence/audit_checks.hpp"

#include <optional>

namespace troupe::auditing {

namespace {

constexpr std::string_view orders_sql = "select id, status, payment_status, version from orders"
                                        " where id > $1::text order by id limit $2::int";

constexpr std::string_view history_sql
    = "select order_id, version, status, payment_status from order_status_history"
      " where order_id = any($1::text[]) order by order_id, version";

constexpr std::string_view events_sql
    = "select position, order_id, version, status, payment_status,"
      " (select coalesce(string_agg(e ->> 'topic', ', ' order by n), '')"
      "  from json_array_elements(events) with ordinality as x(e, n)),"
      " (select coalesce(bool_and(e ->> 'key' = order_id), true)"
      "  from json_array_elements(events) as x(e))"
      " from order_status_history where position > coalesce(nullif($1::text, '')::bigint, -1)"
      " order by position limit $2::int";

std::optional<order_standing> standing(const pg::result& rows, int row, int first) {
  const auto status = order_status_from(rows.view(row, first));
  const auto payment = payment_status_from(rows.view(row, first + 1));
  if (!status || !payment)
    return std::nullopt;
  return order_standing{*status, *payment};
}

/// What is wrong with one order's history, the rows [first, last) of `history`; empty: nothing.
std::string wrong(const pg::result& orders, int order, const pg::result& history, int first,
                  int last) {
  const int32_t version = orders.small(order, 3);
  std::optional<order_standing> before;
  for (int row = first; row < last; ++row) {
    const int32_t expected = row - first + 1;
    if (history.small(row, 1) != expected)
      return "version " + std::to_string(expected) + " is not in its history";
    const auto now = standing(history, row, 2);
    if (!now)
      return "unknown status at version " + std::to_string(expected);
    if (before ? !legal(*before, *now) : !legal_beginning(*now))
      return "version " + std::to_string(expected) + " is an illegal step to "
             + history.text(row, 2) + "/" + history.text(row, 3);
    before = now;
  }
  if (last - first != version)
    return "version " + std::to_string(version) + " with " + std::to_string(last - first)
           + " history rows";
  if (before != standing(orders, order, 1))
    return "is " + orders.text(order, 1) + "/" + orders.text(order, 2)
           + ", unlike its last history row";
  return {};
}

} // namespace

void histories(context& c, findings& to) {
  each_chunk(c, view::orders_after, orders_sql, [&](const pg::result& orders) {
    const auto rows = c.see.read(view::orders_after, history_sql, {column(orders, 0)});
    std::map<std::string, std::pair<int, int>, std::less<>> spans;
    for (int i = 0; i < rows.rows(); ++i)
      spans.try_emplace(rows.text(i, 0), i, i).first->second.second = i + 1;
    for (int i = 0; i < orders.rows(); ++i) {
      const auto span = spans.find(orders.view(i, 0));
      const auto [first, last] = span == spans.end() ? std::pair(0, 0) : span->second;
      if (const auto what = wrong(orders, i, rows, first, last); !what.empty())
        to.add("order " + orders.text(i, 0) + ": " + what);
    }
  });
}

void events_of_orders(context& c, findings& to) {
  each_chunk(c, view::orders_after, events_sql, [&](const pg::result& rows) {
    for (int i = 0; i < rows.rows(); ++i) {
      const auto reached = standing(rows, i, 3);
      if (!reached) // told as a broken history
        continue;
      const auto topic = told_by(*reached);
      if (rows.view(i, 5) != topic || !rows.boolean(i, 6))
        to.add("order " + rows.text(i, 1) + " version " + rows.text(i, 2) + ": " + rows.text(i, 3)
               + " carries [" + rows.text(i, 5) + "], not [" + std::string(topic) + "] of it");
    }
  });
}

} // namespace troupe::auditing
