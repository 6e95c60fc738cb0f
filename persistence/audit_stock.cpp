// The audit of what orders hold at the inventory service.

#include "persistence/audit_checks.hpp"

namespace troupe::auditing {

namespace {

// Where the order's stock has come to rest.
constexpr std::string_view orders_held_sql
    = "select id, status, version, stock_held from orders where id > $1::text"
      " and (status in ('CONFIRMED', 'DISPATCHED', 'COMPLETED')"
      "  or (status = 'CANCELLED' and not stock_held)) order by id limit $2::int";

// Not sold yet: their reservation lives as long as they do. Who was short of stock while a payment
// ran holds nothing, and is asked again by the next payment.
constexpr std::string_view unsold_sql
    = "select id, status, version, stock_held from orders where id > $1::text"
      " and status in ('CREATED', 'PAYMENT_PENDING', 'PAYMENT_FAILED') order by id limit $2::int";

constexpr std::string_view again_sql = "select id, status, version, stock_held from orders"
                                       " where id = any($1::text[])";

constexpr std::string_view items_sql
    = "select order_id, product_id, sum(quantity)::bigint from order_items"
      " where order_id = any($1::text[]) group by order_id, product_id";

constexpr std::string_view states_sql
    = "select order_id, state from stock_orders where order_id = any($1::text[])";

constexpr std::string_view moves_sql
    = "select l.order_id, line ->> 'productId',"
      " sum((line ->> 'quantity')::bigint * case moves when 'reserve' then 1"
      "  when 'sell_reserved' then -1 when 'unreserve' then -1 else 0 end)::bigint,"
      " sum((line ->> 'quantity')::bigint * case moves when 'sell_reserved' then 1"
      "  when 'sell' then 1 when 'restock' then -1 else 0 end)::bigint"
      " from stock_ledger l cross join json_array_elements(l.lines) line"
      " where l.order_id = any($1::text[]) group by 1, 2";

constexpr std::string_view all_records_sql = "select order_id, state from stock_orders"
                                             " where order_id > $1::text and state <> 'unknown'"
                                             " order by order_id limit $2::int";

constexpr std::string_view known_sql = "select id from orders where id = any($1::text[])";

using units = std::map<std::string, int64_t>;

/// By order; products with nothing are left out.
std::map<std::string, units, std::less<>> sums(const pg::result& rows, int which) {
  std::map<std::string, units, std::less<>> all;
  for (int i = 0; i < rows.rows(); ++i)
    if (rows.integer(i, which) != 0)
      all[rows.text(i, 0)][rows.text(i, 1)] = rows.integer(i, which);
  return all;
}

units of(const std::map<std::string, units, std::less<>>& all, std::string_view order_id) {
  const auto found = all.find(order_id);
  return found == all.end() ? units{} : found->second;
}

/// Suspects of one chunk: an order may have moved between the two databases' snapshots.
class suspects {
public:
  explicit suspects(const pg::result& orders) : orders_(orders) {}

  void add(int row, std::string what) {
    ids_.push_back(orders_.text(row, 0));
    rows_.emplace_back(row, std::move(what));
  }

  /// Adds those that were the same before and after.
  void confirm(context& c, findings& to) const {
    if (ids_.empty())
      return;
    const auto later = c.see.read(view::orders_after, again_sql, {ids_});
    const auto at = by_key(later);
    for (const auto& [row, what] : rows_) {
      const auto found = at.find(orders_.view(row, 0));
      if (found != at.end() && same(row, later, found->second))
        to.add(what);
    }
  }

private:
  bool same(int row, const pg::result& later, int other) const {
    for (int i = 0; i < 4; ++i)
      if (orders_.view(row, i) != later.view(other, i))
        return false;
    return true;
  }

  const pg::result& orders_;
  std::vector<std::string> ids_;
  std::vector<std::pair<int, std::string>> rows_;
};

/// What an order holds, or should.
struct holding {
  std::string_view state; ///< of its record
  units sold, reserved;
  bool operator==(const holding&) const = default;
};

holding due(std::string_view status, units lines) {
  if (status == "CANCELLED")
    return {"released", {}, {}};
  if (status == "CONFIRMED" || status == "DISPATCHED" || status == "COMPLETED")
    return {"sold", std::move(lines), {}};
  return {"reserved", {}, std::move(lines)};
}

bool right(std::string_view status, const holding& owed, const holding& has) {
  const bool short_of = has == holding{"short", {}, {}};
  return has == owed || (short_of && (status == "PAYMENT_PENDING" || status == "PAYMENT_FAILED"));
}

std::string text_of(const holding& h) {
  return std::string(h.state) + " record, sold " + units_text(h.sold) + ", reserved "
         + units_text(h.reserved);
}

void compare(context& c, findings& to, std::string_view sql) {
  each_chunk(c, view::orders, sql, [&](const pg::result& orders) {
    const auto ids = column(orders, 0);
    const auto lines = sums(c.see.read(view::orders, items_sql, {ids}), 2);
    const auto moves = c.see.read(view::inventory, moves_sql, {ids});
    const auto reserved = sums(moves, 2);
    const auto sold = sums(moves, 3);
    const auto records = c.see.read(view::inventory, states_sql, {ids});
    const auto record_of = by_key(records);
    suspects found(orders);
    for (int i = 0; i < orders.rows(); ++i) {
      const auto id = orders.view(i, 0);
      const auto record = record_of.find(id);
      const holding has{record == record_of.end() ? "no" : records.view(record->second, 1),
                        of(sold, id), of(reserved, id)};
      if (const auto owed = due(orders.view(i, 1), of(lines, id));
          !right(orders.view(i, 1), owed, has))
        found.add(i, "order " + orders.text(i, 0) + ", " + orders.text(i, 1) + ": should have "
                         + text_of(owed) + "; has " + text_of(has));
    }
    found.confirm(c, to);
  });
}

} // namespace

void orders_and_ledger(context& c, findings& to) {
  compare(c, to, orders_held_sql);
}

void unsold_orders(context& c, findings& to) {
  compare(c, to, unsold_sql);
}

void stock_without_order(context& c, findings& to) {
  each_chunk(c, view::inventory, all_records_sql, [&](const pg::result& records) {
    const auto orders = by_key(c.see.read(view::orders_after, known_sql, {column(records, 0)}));
    for (int i = 0; i < records.rows(); ++i)
      if (!orders.contains(records.view(i, 0)))
        to.add("order " + records.text(i, 0) + ": " + records.text(i, 1)
               + " at the inventory, but there is no such order");
  });
}

} // namespace troupe::auditing
