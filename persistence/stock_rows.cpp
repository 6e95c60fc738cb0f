#include "persistence/stock_rows.hpp"

#include "domain/ids.hpp"
#include "persistence/parked_rows.hpp"

#include <set>
#include <stdexcept>

namespace troupe::pg {

namespace {

// ---- reads --------------------------------------------------------------------------------------

constexpr std::string_view orders_sql
    = "select order_id, state, lines, step, version from stock_orders"
      " where order_id = any($1::text[])";

constexpr std::string_view ledger_sql
    = "select order_id, position, step, events, (extract(epoch from at) * 1000000)::bigint"
      " from stock_ledger where order_id = any($1::text[]) order by order_id, step";

// Products that the inputs name, and those of the records that exist.
constexpr std::string_view products_sql
    = "select id, name, stock, reserved, sold, version from products where id in ("
      " select unnest($1::text[])"
      " union select l ->> 'productId' from stock_orders o, json_array_elements(o.lines) l"
      " where o.order_id = any($2::text[]))";

constexpr std::string_view ensure_orders_sql
    = "insert into stock_orders (order_id, state)"
      " select id, 'unknown' from unnest($1::text[]) id order by id on conflict do nothing";

constexpr std::string_view lock_orders_sql
    = "select order_id, state, lines, step, version from stock_orders"
      " where order_id = any($1::text[]) order by order_id for update";

constexpr std::string_view lock_products_sql
    = "select id, name, stock, reserved, sold, version from products where id in ("
      " select unnest($1::text[])"
      " union select l ->> 'productId' from stock_orders o, json_array_elements(o.lines) l"
      " where o.order_id = any($2::text[])) order by id for update";

// ---- writes -------------------------------------------------------------------------------------

constexpr std::string_view new_orders_sql
    = "with n as ("
      "  insert into stock_orders (order_id, state, lines, step)"
      "  select id, state, lines::json, step"
      "  from unnest($1::text[], $2::text[], $3::text[], $4::integer[])"
      "    as t(id, state, lines, step) order by id"
      "  on conflict do nothing returning 1)"
      " select expect_rows((select count(*) from n), cardinality($1::text[]), 'new stock_orders')";

constexpr std::string_view old_orders_sql
    = "with s as materialized ("
      "  select * from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::integer[])"
      "    as t(order_id, state, lines, step, expected)),"
      " l as materialized ("
      "  select o.order_id from stock_orders o join s using (order_id)"
      "  order by o.order_id for update of o),"
      " u as ("
      "  update stock_orders o set state = s.state, lines = s.lines::json, step = s.step,"
      "   version = o.version + 1, updated_at = clock_timestamp()"
      "  from l join s using (order_id)"
      "  where o.order_id = l.order_id and o.version = s.expected returning 1)"
      " select expect_rows((select count(*) from u), cardinality($1::text[]), 'stock_orders')";

constexpr std::string_view products_write_sql
    = "with s as materialized ("
      "  select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[])"
      "    as t(id, stock, reserved, sold, expected)),"
      " l as materialized ("
      "  select p.id from products p join s using (id) order by p.id for update of p),"
      " u as ("
      "  update products p set stock = p.stock + s.stock, reserved = p.reserved + s.reserved,"
      "   sold = p.sold + s.sold, version = p.version + 1, updated_at = clock_timestamp(),"
      "   changed_by = pg_current_xact_id()"
      "  from l join s using (id) where p.id = l.id and p.version = s.expected returning 1)"
      " select expect_rows((select count(*) from u), cardinality($1::text[]), 'products')";

constexpr std::string_view ledger_write_sql
    = "insert into stock_ledger (position, order_id, step, kind, moves, lines, events)"
      " select position, order_id, step, kind, moves, lines::json, events::json"
      " from unnest($1::bigint[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[],"
      "  $7::text[]) as t(position, order_id, step, kind, moves, lines, events)"
      " returning position, (extract(epoch from at) * 1000000)::bigint";

void fill_orders(stock_view& view, const result& rows) {
  for (int i = 0; i < rows.rows(); ++i) {
    auto& file = view.orders[rows.text(i, 0)];
    const auto state = stock_state_from(rows.view(i, 1));
    if (!state)
      throw error(store_failure::failed, "stock_orders holds an unknown state");
    file.record.order_id = rows.text(i, 0);
    file.record.state = *state;
    file.record.lines = decode_lines(rows.view(i, 2));
    file.record.step = rows.small(i, 3);
    file.version = rows.small(i, 4);
  }
}

void fill_products(stock_view& view, const result& rows) {
  for (int i = 0; i < rows.rows(); ++i)
    view.products[rows.text(i, 0)] = {rows.text(i, 1), rows.integer(i, 2), rows.integer(i, 3),
                                      rows.integer(i, 4), rows.small(i, 5)};
}

void fill_history(stock_view& view, const result& ledger, const result& parked) {
  for (int i = 0; i < ledger.rows(); ++i)
    view.orders[ledger.text(i, 0)].rows.push_back({ledger.integer(i, 1), ledger.small(i, 2),
                                                   ledger.time(i, 4),
                                                   decode_events(ledger.view(i, 3))});
  for (auto& [order_id, events] : parked_by_order(parked))
    view.orders[order_id].waiting = std::move(events);
}

/// What is in a plan, as columns.
struct order_columns {
  std::vector<std::string> ids, states, lines;
  std::vector<int32_t> steps, expected;

  void add(const stock_plan::order_change& o) {
    ids.push_back(o.order_id);
    states.emplace_back(to_string(o.state));
    lines.push_back(encode_lines(o.lines));
    steps.push_back(o.step);
    expected.push_back(o.expected);
  }
};

void add_orders(std::vector<statement>& to, const stock_plan& plan) {
  order_columns fresh, known;
  for (const auto& o : plan.orders)
    (o.expected == 0 ? fresh : known).add(o);
  if (!fresh.ids.empty())
    to.push_back({new_orders_sql, {fresh.ids, fresh.states, fresh.lines, fresh.steps}});
  if (!known.ids.empty())
    to.push_back(
        {old_orders_sql, {known.ids, known.states, known.lines, known.steps, known.expected}});
}

statement product_write(const stock_plan& plan) {
  std::vector<std::string> ids;
  std::vector<int64_t> stock, reserved, sold;
  std::vector<int32_t> expected;
  for (const auto& p : plan.products) {
    ids.push_back(p.product_id);
    stock.push_back(p.stock);
    reserved.push_back(p.reserved);
    sold.push_back(p.sold);
    expected.push_back(p.expected);
  }
  return {products_write_sql, {ids, stock, reserved, sold, expected}};
}

statement ledger_write(const stock_plan& plan) {
  std::vector<int64_t> positions;
  std::vector<std::string> orders, kinds, moves, lines, events;
  std::vector<int32_t> steps;
  for (const auto& row : plan.ledger) {
    positions.push_back(row.at);
    orders.push_back(row.order_id);
    steps.push_back(row.step);
    kinds.emplace_back(row.kind);
    moves.emplace_back(to_string(row.moves));
    lines.push_back(encode_lines(row.lines));
    events.push_back(encode_events(row.events));
  }
  return {ledger_write_sql, {positions, orders, steps, kinds, moves, lines, events}};
}

/// Of orders, products, ledger and parked events, from `first` on.
stock_view view_of(const std::vector<result>& rows, std::size_t first) {
  stock_view view;
  fill_orders(view, rows[first]);
  fill_products(view, rows[first + 1]);
  fill_history(view, rows[first + 2], rows[first + 3]);
  return view;
}

} // namespace

stock_scope scope_of(std::span<const stock_input> inputs) {
  std::set<std::string> orders, products;
  for (const auto& in : inputs) {
    if (!valid_id(in.order_id))
      continue;
    orders.insert(in.order_id);
    if (in.verb == stock_verb::order_created)
      for (const auto& line : in.lines)
        if (valid_id(line.product_id))
          products.insert(line.product_id);
  }
  return {{orders.begin(), orders.end()}, {products.begin(), products.end()}};
}

stock_view read_stock(connection& on, const stock_scope& scope) {
  const std::vector<statement> reads = {{orders_sql, {scope.orders}},
                                        {products_sql, {scope.products, scope.orders}},
                                        {ledger_sql, {scope.orders}},
                                        read_parked(scope.orders)};
  return view_of(on.pipeline(reads), 0);
}

stock_view lock_stock(connection& on, const stock_scope& scope) {
  // Inserts before locks, both by id: two workers never wait for each other in a circle.
  const std::vector<statement> reads = {{ensure_orders_sql, {scope.orders}},
                                        {lock_orders_sql, {scope.orders}},
                                        {lock_products_sql, {scope.products, scope.orders}},
                                        {ledger_sql, {scope.orders}},
                                        read_parked(scope.orders)};
  return view_of(on.pipeline(reads), 1);
}

std::map<position, timestamp> write_stock(connection& on, const stock_plan& plan) {
  std::vector<statement> writes;
  add_orders(writes, plan);
  if (!plan.products.empty())
    writes.push_back(product_write(plan));
  if (!plan.park.empty())
    writes.push_back(add_parked(plan.park));
  if (!plan.unpark.empty())
    writes.push_back(remove_parked(plan.unpark));
  if (!plan.ledger.empty())
    writes.push_back(ledger_write(plan));
  const auto results = on.write(writes);
  std::map<position, timestamp> times;
  if (!plan.ledger.empty())
    for (int i = 0; i < results.back().rows(); ++i)
      times.emplace(results.back().integer(i, 0), results.back().time(i, 1));
  return times;
}

} // namespace troupe::pg
