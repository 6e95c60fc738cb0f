#include "persistence/order_queries.hpp"

#include "persistence/order_figures.hpp"
#include "persistence/order_pages.hpp"
#include "persistence/pg.hpp"
#include "persistence/stream_session.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <unordered_map>

namespace troupe {

namespace {

constexpr std::string_view orders_sql
    = "select id, user_id, status, payment_status, version, total_amount, shipping_address::text,"
      " attempt, transaction_id, stock_held, rounds, deadline_at is not null,"
      " (extract(epoch from created_at) * 1000000)::bigint,"
      " (extract(epoch from updated_at) * 1000000)::bigint"
      " from orders where id = any($1::text[])";

constexpr std::string_view items_sql
    = "select order_id, id, product_id, quantity, price, product_name, image_url"
      " from order_items where order_id = any($1::text[]) order by order_id, line";

constexpr std::string_view history_sql
    = "select order_id, status, payment_status,"
      " (extract(epoch from \"timestamp\") * 1000000)::bigint, message"
      " from order_status_history where order_id = any($1::text[]) order by order_id, version";

constexpr std::string_view events_sql
    = "select position, version, (extract(epoch from \"timestamp\") * 1000000)::bigint,"
      " events::text from order_status_history where order_id = any($1::text[])"
      " order by position";

// Shard by shard, so that the partial index gives the oldest of each without a look at the rest:
// `clock_timestamp()`, being volatile, would be compared with every live order.
constexpr std::string_view overdue_sql
    = "select o.id, o.version, (extract(epoch from o.deadline_at) * 1000000)::bigint"
      " from (select timestamptz 'epoch' + $2::bigint * interval '1 microsecond' as deadline) since"
      " cross join unnest($4::int[]) s(shard) cross join lateral ("
      "  select id, version, deadline_at from orders where orders.shard = s.shard::smallint"
      "  and deadline_at >= since.deadline and deadline_at <= statement_timestamp()"
      "  and (deadline_at, id) > (since.deadline, $3::text)"
      "  order by deadline_at, id limit $1::int) o"
      " order by o.deadline_at, o.id limit $1::int";

constexpr std::string_view unsettled_sql
    = "select id, version, (extract(epoch from deadline_at) * 1000000)::bigint from orders"
      " where deadline_at is not null and status = 'PAYMENT_PENDING' and shard = any($2::int[])"
      " order by deadline_at, id limit $1::int";

constexpr std::string_view count_overdue_sql
    = "select status, count(*) from orders where deadline_at is not null"
      " and (deadline_at <= clock_timestamp() or rounds > 0) group by status";

constexpr std::string_view earlier_uses_sql
    = "select scope, order_id, version, body_hash from idempotency_keys"
      " where scope = any($1::text[])"
      " and created_at > clock_timestamp() - $2::int8 * interval '1 second'";

std::vector<int32_t> vector_of(std::span<const int32_t> shards) {
  return {shards.begin(), shards.end()};
}

order_status status_of(std::string_view name) {
  if (auto found = order_status_from(name))
    return *found;
  throw pg::error(store_failure::failed, "unknown order status in the database");
}

payment_status payment_of(std::string_view name) {
  if (auto found = payment_status_from(name))
    return *found;
  throw pg::error(store_failure::failed, "unknown payment status in the database");
}

order order_of(const pg::result& rows, int i) {
  order o;
  o.id = rows.text(i, 0);
  o.user_id = rows.text(i, 1);
  o.status = status_of(rows.view(i, 2));
  o.payment = payment_of(rows.view(i, 3));
  o.version = rows.small(i, 4);
  o.total = rows.integer(i, 5);
  o.shipping_address = rows.text(i, 6);
  o.attempt = rows.small(i, 7);
  o.transaction_id = rows.text(i, 8);
  o.stock_held = rows.boolean(i, 9);
  o.rounds = rows.small(i, 10);
  o.live = rows.boolean(i, 11);
  o.created_at = rows.time(i, 12);
  o.updated_at = rows.time(i, 13);
  return o;
}

std::vector<overdue_order> overdue_of(const pg::result& rows) {
  std::vector<overdue_order> all;
  all.reserve(static_cast<std::size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i)
    all.push_back({rows.text(i, 0), rows.small(i, 1), rows.time(i, 2)});
  return all;
}

int64_t micros(timestamp t) {
  return std::chrono::duration_cast<std::chrono::microseconds>(t.time_since_epoch()).count();
}

class pg_order_queries : public order_queries {
public:
  pg_order_queries(std::string conninfo, std::chrono::seconds key_life)
      : reads_(conninfo, {.one_snapshot = true, .plans = pg::planning::by_keys}),
        folds_(std::move(conninfo)),
        key_life_(key_life) {}

  std::vector<order> load(std::span<const std::string> ids) override;
  std::vector<order> list(const order_filter& by) override;
  std::vector<overdue_order> overdue(std::span<const int32_t> shards, int limit,
                                     const overdue_order& after) override {
    return overdue_of(
        read({overdue_sql, {limit, micros(after.deadline), after.id, vector_of(shards)}}));
  }
  std::vector<overdue_order> unsettled_payments(std::span<const int32_t> shards,
                                                int limit) override {
    return overdue_of(read({unsettled_sql, {limit, vector_of(shards)}}));
  }
  std::array<int64_t, order_status_count> count_overdue() override;
  std::vector<outgoing_event> events_of(std::span<const std::string> ids) override;
  std::map<std::string, earlier_use> earlier_uses(std::span<const std::string> scopes) override;
  bool fold_figures() override {
    return folds_.run([](pg::connection& on) { return pg::fold_figures(on); });
  }
  order_figures figures() override;
  void ping() override { read({"select 1", {}}); }

private:
  pg::result read(const pg::statement& what) {
    return reads_.run([&](pg::connection& on) { return on.exec(what); });
  }
  std::vector<pg::result> read_all(const std::vector<pg::statement>& all) {
    return reads_.run([&](pg::connection& on) { return on.pipeline(all); });
  }

  pg::lazy_connection reads_;
  pg::lazy_connection folds_; ///< writes; connects when figures are first asked for
  std::chrono::seconds key_life_;
};

std::vector<order> pg_order_queries::load(std::span<const std::string> ids) {
  const std::vector<std::string> wanted(ids.begin(), ids.end());
  const auto answers
      = read_all({{orders_sql, {wanted}}, {items_sql, {wanted}}, {history_sql, {wanted}}});
  std::vector<order> all;
  std::unordered_map<std::string_view, std::size_t> place;
  const auto& orders = answers[0];
  for (int i = 0; i < orders.rows(); ++i) {
    place[orders.view(i, 0)] = all.size();
    all.push_back(order_of(orders, i));
  }
  const auto& items = answers[1];
  for (int i = 0; i < items.rows(); ++i)
    all[place.at(items.view(i, 0))].lines.push_back({items.text(i, 1), items.text(i, 2),
                                                     items.small(i, 3), items.integer(i, 4),
                                                     items.text(i, 5), items.text(i, 6)});
  const auto& history = answers[2];
  for (int i = 0; i < history.rows(); ++i)
    all[place.at(history.view(i, 0))].history.push_back({status_of(history.view(i, 1)),
                                                         payment_of(history.view(i, 2)),
                                                         history.time(i, 3), history.text(i, 4)});
  return all;
}

std::vector<order> pg_order_queries::list(const order_filter& by) {
  const auto rows = read(pg::page_of_orders(by));
  std::vector<std::string> ids;
  ids.reserve(static_cast<std::size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i)
    ids.push_back(rows.text(i, 0));
  auto all = load(ids);
  std::ranges::sort(all, std::greater(),
                    [](const order& o) { return std::tie(o.created_at, o.id); });
  return all;
}

std::array<int64_t, order_status_count> pg_order_queries::count_overdue() {
  std::array<int64_t, order_status_count> counts{};
  const auto rows = read({count_overdue_sql, {}});
  for (int i = 0; i < rows.rows(); ++i)
    counts[static_cast<std::size_t>(status_of(rows.view(i, 0)))] = rows.integer(i, 1);
  return counts;
}

std::vector<outgoing_event> pg_order_queries::events_of(std::span<const std::string> ids) {
  const auto rows = read({events_sql, {std::vector<std::string>(ids.begin(), ids.end())}});
  std::vector<outgoing_event> all;
  for (int i = 0; i < rows.rows(); ++i) {
    auto some = pg::outgoing(service::order, rows.integer(i, 0), rows.small(i, 1), rows.time(i, 2),
                             rows.view(i, 3));
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

std::map<std::string, earlier_use>
pg_order_queries::earlier_uses(std::span<const std::string> scopes) {
  const auto rows = read(
      {earlier_uses_sql,
       {std::vector<std::string>(scopes.begin(), scopes.end()), int64_t{key_life_.count()}}});
  std::map<std::string, earlier_use> uses;
  for (int i = 0; i < rows.rows(); ++i)
    uses[rows.text(i, 0)] = {rows.text(i, 1), rows.small(i, 2), rows.text(i, 3)};
  return uses;
}

order_figures pg_order_queries::figures() {
  // As many pages as a reader may wait for; with more to come the figures would be wrong.
  for (int page = 0; !fold_figures(); ++page) {
    if (page == 20)
      throw pg::error(store_failure::wait, "the figures are still being counted");
  }
  return reads_.run([](pg::connection& on) { return pg::read_figures(on); });
}

} // namespace

std::unique_ptr<order_queries> make_order_queries(std::string conninfo,
                                                  std::chrono::seconds key_life) {
  return std::make_unique<pg_order_queries>(std::move(conninfo), key_life);
}

} // namespace troupe
