#include "persistence/order_figures.hpp"

namespace troupe::pg {

namespace {

// A statement of its own: the next one's snapshot must be later than the other folder's commit.
constexpr std::string_view take_turns_sql
    = "select pg_advisory_xact_lock(hashtextextended('troupe figures', 0))";

// Each row moves its order from what it was to what it is; that adds up in any order of streams.
// A drained stream that gives less than a full page has no more rows for ever. The laterals hold
// the planner, which cannot know how few rows are fresh, to the indexes.
constexpr std::string_view fold_sql = R"(
with due as materialized (
  select s.stream, s.drained, coalesce(f.position, s.stream << 39) as after
  from streams s left join figures_folded f using (stream) where not coalesce(f.complete, false)),
fresh as materialized (
  select d.stream, h.position, h.order_id, h.version, h.status, h.payment_status, h."timestamp",
         o.total_amount, o.created_at
  from due d cross join lateral (
    select * from order_status_history h
    where h.position > d.after and h.position < (d.stream + 1) << 39
    order by h.position limit $1::int) h
  cross join lateral (select * from orders o where o.id = h.order_id limit 1) o),
ends as (
  select d.stream, coalesce(max(r.position), d.after) as position, count(r.position) as rows,
         d.drained and count(r.position) < $1::int as complete
  from due d left join fresh r using (stream) group by d.stream, d.drained, d.after),
moved as (
  insert into figures_folded (stream, position, complete)
  select stream, position, complete from ends where rows > 0 or complete
  on conflict (stream) do update
  set position = excluded.position, complete = excluded.complete),
steps as (
  select status, payment_status, 1 as one, total_amount from fresh
  union all
  select b.status, b.payment_status, -1, -r.total_amount from fresh r cross join lateral (
    select * from order_status_history b
    where b.order_id = r.order_id and b.version = r.version - 1 limit 1) b),
by_status as (
  insert into figures_by_status as f (status, payment_status, orders, amount)
  select status, payment_status, sum(one), sum(total_amount) from steps group by 1, 2
  on conflict (status, payment_status) do update
  set orders = f.orders + excluded.orders, amount = f.amount + excluded.amount),
done as materialized (select * from fresh where status = 'COMPLETED'),
by_day as (
  insert into figures_by_day as f (day, orders, revenue)
  select ("timestamp" at time zone 'UTC')::date, count(*), sum(total_amount) from done group by 1
  on conflict (day) do update
  set orders = f.orders + excluded.orders, revenue = f.revenue + excluded.revenue),
by_product as (
  insert into figures_by_product as f (product_id, name, named_at, quantity, revenue)
  select i.product_id, (array_agg(i.product_name order by d.created_at desc))[1],
         max(d.created_at), sum(i.quantity), sum(i.quantity::numeric * i.price)
  from done d cross join lateral (
    select * from order_items i where i.order_id = d.order_id offset 0) i group by i.product_id
  on conflict (product_id) do update
  set name = case when excluded.named_at >= f.named_at then excluded.name else f.name end,
      named_at = greatest(f.named_at, excluded.named_at),
      quantity = f.quantity + excluded.quantity, revenue = f.revenue + excluded.revenue)
select coalesce(max(rows), 0) < $1::int from ends)";

constexpr std::string_view by_status_sql
    = "select status, sum(orders)::bigint, (coalesce(sum(orders) filter (where"
      "   status = 'PAYMENT_FAILED'"
      "   or status = 'CANCELLED' and payment_status in ('PENDING', 'FAILED')), 0))::bigint,"
      " least(sum(amount), 9223372036854775807)::bigint from figures_by_status group by status";

constexpr std::string_view days_sql
    = "select to_char(d, 'YYYY-MM-DD'), coalesce(f.orders, 0),"
      " least(coalesce(f.revenue, 0), 9223372036854775807)::bigint"
      " from generate_series((clock_timestamp() at time zone 'UTC')::date - 29,"
      "   (clock_timestamp() at time zone 'UTC')::date, interval '1 day') d"
      " left join figures_by_day f on f.day = d::date order by d";

constexpr std::string_view top_sql
    = "select product_id, name, least(quantity, 9223372036854775807)::bigint,"
      " least(revenue, 9223372036854775807)::bigint"
      " from figures_by_product order by figures_by_product.quantity desc, product_id limit 10";

void add_statuses(order_figures& f, const result& rows) {
  for (int i = 0; i < order_status_count; ++i)
    f.by_status[std::string(to_string(static_cast<order_status>(i)))] = 0;
  for (int i = 0; i < rows.rows(); ++i) {
    f.by_status[rows.text(i, 0)] = rows.integer(i, 1);
    f.failed_payments += rows.integer(i, 2);
    if (rows.view(i, 0) == to_string(order_status::completed))
      f.total_revenue = rows.integer(i, 3);
  }
}

} // namespace

bool fold_figures(connection& on, int limit) {
  const std::vector<statement> both = {{take_turns_sql, {}}, {fold_sql, {limit}}};
  return on.pipeline(both)[1].boolean(0, 0);
}

order_figures read_figures(connection& on) {
  const std::vector<statement> all = {{by_status_sql, {}}, {days_sql, {}}, {top_sql, {}}};
  const auto answers = on.pipeline(all);
  order_figures f;
  add_statuses(f, answers[0]);
  const auto& days = answers[1];
  for (int i = 0; i < days.rows(); ++i)
    f.days.push_back({days.text(i, 0), days.integer(i, 2), days.integer(i, 1)});
  f.revenue_today = f.days.back().revenue;
  const auto& top = answers[2];
  for (int i = 0; i < top.rows(); ++i)
    f.top_products.push_back(
        {top.text(i, 0), top.text(i, 1), top.integer(i, 2), top.integer(i, 3)});
  return f;
}

} // namespace troupe::pg
