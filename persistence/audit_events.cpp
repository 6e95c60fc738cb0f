// The audit of events: what was published has had its effect at its consumers, once. All rest on
// natural keys, and what is parked or a dead letter there is accounted for.

#include "domain/event.hpp"
#include "persistence/audit_checks.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::auditing {

namespace {

// Published events of a journal, a limited number of rows a chunk:
// position, order, index in the row, topic.
#define TROUPE_PUBLISHED(journal)                                                                  \
  "select h.position, coalesce(h.order_id, ''), x.n - 1, x.e ->> 'topic' from ("                   \
  " select j.position, j.order_id, j.events from " journal " j"                                    \
  " join watermarks w on w.stream = j.position >> 39 and j.position <= w.position"                 \
  " where j.position > coalesce(nullif($1::text, '')::bigint, -1)"                                 \
  " and json_array_length(j.events) > 0 order by j.position limit $2::int) h"                      \
  " cross join lateral json_array_elements(h.events) with ordinality as x(e, n)"                   \
  " order by h.position, x.n"

constexpr std::string_view orders_events_sql = TROUPE_PUBLISHED("order_status_history");
constexpr std::string_view stock_events_sql = TROUPE_PUBLISHED("stock_ledger");
constexpr std::string_view payment_events_sql = TROUPE_PUBLISHED("payment_journal");

#undef TROUPE_PUBLISHED

constexpr std::string_view waiting_sql
    = "select ce_id from parked_events where ce_source = $1::text and ce_id = any($2::text[])"
      " union select ce_id from dead_letters where ce_source = $1::text and ce_id = "
      "any($2::text[])";

constexpr std::string_view records_sql
    = "select order_id, state from stock_orders where order_id = any($1::text[])";

constexpr std::string_view owed_sql
    = "select distinct order_id from payment_attempts"
      " where order_id = any($1::text[]) and status = 'CAPTURED' and refund = 'NONE'";

constexpr std::string_view orders_told_sql
    = "select id, status, payment_status, stock_held from orders"
      " where id = any($1::text[])";

constexpr std::string_view notified_sql = "select event_id from notifications"
                                          " where event_source = $1::text"
                                          " and event_id = any($2::text[])";

constexpr std::string_view notifications_sql
    = "select id, event_source, event_id from notifications"
      " where id > $1::text and event_source like '/troupe/%' order by id limit $2::int";

constexpr std::string_view steps_sql
    = "select position, json_array_length(events) from order_status_history"
      " where position = any($1::bigint[])";

constexpr std::string_view stock_steps_sql
    = "select position, json_array_length(events) from stock_ledger"
      " where position = any($1::bigint[])";

struct published {
  std::string id, order_id, topic;
};

std::vector<published> read_events(service from, const pg::result& rows) {
  std::vector<published> all;
  for (int i = 0; i < rows.rows(); ++i) {
    outgoing_event e;
    e.from = from;
    e.at = rows.integer(i, 0);
    e.index = rows.small(i, 2);
    all.push_back({event_id(e), rows.text(i, 1), rows.text(i, 3)});
  }
  return all;
}

std::vector<std::string> orders_of(const std::vector<published>& events) {
  std::vector<std::string> all;
  all.reserve(events.size());
  for (const auto& e : events)
    all.push_back(e.order_id);
  return all;
}

std::vector<std::string> ids_of(const std::vector<published>& events) {
  std::vector<std::string> all;
  all.reserve(events.size());
  for (const auto& e : events)
    all.push_back(e.id);
  return all;
}

/// Adds the events that had no effect at `consumer` and are neither parked nor dead there.
void report(context& c, findings& to, service from, view consumer,
            const std::vector<published>& lost, const char* where) {
  if (lost.empty())
    return;
  const auto waiting
      = by_key(c.see.read(consumer, waiting_sql, {event_source(from), ids_of(lost)}));
  for (const auto& e : lost)
    if (!waiting.contains(e.id))
      to.add("event " + e.id + ", " + e.topic + " of " + e.order_id + ": not " + where);
}

bool applied_at_inventory(const published& e, std::string_view state) {
  if (e.topic == topic::order_created)
    return !state.empty() && state != "unknown";
  if (e.topic == topic::payment_success)
    return state == "sold" || state == "short" || state == "released";
  if (e.topic == topic::order_cancelled)
    return state == "released";
  return true;
}

/// `row` of `orders`: where the order stands; nothing waits for an event there any more.
bool applied_at_orders(const published& e, const pg::result& orders, int row) {
  const auto status = orders.view(row, 1);
  const bool cancelled = status == "CANCELLED";
  if (e.topic == topic::inventory_updated)
    return cancelled || status == "CONFIRMED" || status == "DISPATCHED" || status == "COMPLETED";
  if (e.topic == topic::inventory_rejected)
    return status != "CREATED" && status != "PAYMENT_SUCCESS";
  if (e.topic == topic::inventory_released)
    return cancelled && !orders.boolean(row, 3);
  if (e.topic == topic::payment_refunded)
    return orders.view(row, 2) == "REFUNDED";
  return true;
}

void answers_of(context& c, findings& to, service from, view journal, std::string_view sql) {
  each_chunk(c, journal, sql, [&](const pg::result& rows) {
    const auto events = read_events(from, rows);
    const auto orders = c.see.read(view::orders_after, orders_told_sql, {orders_of(events)});
    const auto at = by_key(orders);
    std::vector<published> lost;
    for (const auto& e : events)
      // An answer about no order is told by the check of what stands without one.
      if (const auto found = at.find(e.order_id);
          found != at.end() && !applied_at_orders(e, orders, found->second))
        lost.push_back(e);
    report(c, to, from, view::orders_after, lost, "applied at the orders");
  });
}

void missing_from(context& c, findings& to, service from, view journal, std::string_view sql) {
  each_chunk(c, journal, sql, [&](const pg::result& rows) {
    auto events = read_events(from, rows);
    if (from == service::inventory)
      std::erase_if(events,
                    [](const published& e) { return e.topic != topic::notification_requested; });
    const auto known
        = by_key(c.see.read(view::emailing, notified_sql, {event_source(from), ids_of(events)}));
    std::erase_if(events, [&](const published& e) { return known.contains(e.id); });
    report(c, to, from, view::emailing, events, "told by a notification");
  });
}

/// The position and index that `event_id` wrote.
bool parse_id(std::string_view id, service from, position& at, int32_t& index) {
  const std::string stem = std::string(to_string(from)) + '-';
  if (!id.starts_with(stem))
    return false;
  const char* const end = id.data() + id.size();
  const auto first = std::from_chars(id.data() + stem.size(), end, at);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.')
    return false;
  const auto second = std::from_chars(first.ptr + 1, end, index);
  return second.ec == std::errc() && second.ptr == end;
}

void invented_from(context& c, findings& to, const pg::result& rows, service from, view journal,
                   std::string_view sql) {
  struct origin {
    int row;
    position at = 0;
    int32_t index = 0;
    bool readable = false;
  };
  std::vector<origin> origins;
  std::vector<position> positions;
  for (int i = 0; i < rows.rows(); ++i) {
    if (rows.view(i, 1) != event_source(from))
      continue;
    auto& o = origins.emplace_back(origin{i});
    o.readable = parse_id(rows.view(i, 2), from, o.at, o.index);
    positions.push_back(o.at);
  }
  if (origins.empty())
    return;
  const auto steps = c.see.read(journal, sql, {positions});
  const auto known = by_key(steps);
  for (const auto& o : origins) {
    const auto found = known.find(std::to_string(o.at));
    if (!o.readable || found == known.end() || o.index >= steps.small(found->second, 1))
      to.add("notification " + rows.text(o.row, 0) + ": nobody published its event "
             + rows.text(o.row, 2));
  }
}

} // namespace

void events_at_inventory(context& c, findings& to) {
  each_chunk(c, view::orders, orders_events_sql, [&](const pg::result& rows) {
    const auto events = read_events(service::order, rows);
    const auto records = c.see.read(view::inventory, records_sql, {orders_of(events)});
    const auto at = by_key(records);
    std::vector<published> lost;
    for (const auto& e : events) {
      const auto found = at.find(e.order_id);
      if (!applied_at_inventory(e, found == at.end() ? "" : records.view(found->second, 1)))
        lost.push_back(e);
    }
    report(c, to, service::order, view::inventory, lost, "applied at the inventory");
  });
}

void events_at_payments(context& c, findings& to) {
  each_chunk(c, view::orders, orders_events_sql, [&](const pg::result& rows) {
    auto events = read_events(service::order, rows);
    std::erase_if(events, [](const published& e) { return e.topic != topic::order_cancelled; });
    const auto owed = by_key(c.see.read(view::payments_after, owed_sql, {orders_of(events)}));
    std::erase_if(events, [&](const published& e) { return !owed.contains(e.order_id); });
    report(c, to, service::order, view::payments_after, events, "applied at the payments");
  });
}

void answers_at_orders(context& c, findings& to) {
  answers_of(c, to, service::inventory, view::inventory, stock_events_sql);
  answers_of(c, to, service::payment, view::payments, payment_events_sql);
}

void missing_notifications(context& c, findings& to) {
  missing_from(c, to, service::order, view::orders, orders_events_sql);
  missing_from(c, to, service::inventory, view::inventory, stock_events_sql);
}

void invented_notifications(context& c, findings& to) {
  each_chunk(c, view::emailing, notifications_sql, [&](const pg::result& rows) {
    invented_from(c, to, rows, service::order, view::orders_after, steps_sql);
    invented_from(c, to, rows, service::inventory, view::inventory, stock_steps_sql);
  });
}

} // namespace troupe::auditing
