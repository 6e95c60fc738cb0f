// The figures that are kept up to date say what counting everything says.

#include "persistence/order_figures.hpp"
#include "tests/persistence/order_worlds.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <random>
#include <thread>

using namespace troupe;
using namespace troupe::test;

namespace {

/// Every figure as one text, by counting all orders.
constexpr std::string_view recount_sql = R"(
select coalesce((select string_agg(s, ' ') from (
  select format('%s/%s %s %s', status, payment_status, count(*), sum(total_amount)) s
  from orders group by status, payment_status order by status, payment_status) a), '')
|| '|' || coalesce((select string_agg(s, ' ') from (
  select format('%s %s %s', (h."timestamp" at time zone 'UTC')::date, count(*),
                sum(o.total_amount)) s
  from order_status_history h join orders o on o.id = h.order_id where h.status = 'COMPLETED'
  group by (h."timestamp" at time zone 'UTC')::date order by 1) b), '')
|| '|' || coalesce((select string_agg(s, ' ') from (
  select format('%s %s %s', i.product_id, sum(i.quantity), sum(i.quantity * i.price)) s
  from order_items i join orders o on o.id = i.order_id where o.status = 'COMPLETED'
  group by i.product_id order by i.product_id) c), ''))";

constexpr std::string_view kept_sql = R"(
select coalesce((select string_agg(s, ' ') from (
  select format('%s/%s %s %s', status, payment_status, orders, amount) s
  from figures_by_status where orders <> 0 order by status, payment_status) a), '')
|| '|' || coalesce((select string_agg(s, ' ') from (
  select format('%s %s %s', day, orders, revenue) s
  from figures_by_day order by day) b), '')
|| '|' || coalesce((select string_agg(s, ' ') from (
  select format('%s %s %s', product_id, quantity, revenue) s
  from figures_by_product order by product_id) c), ''))";

/// Orders that each go some random, not necessarily sensible, way; from two streams.
void write_orders(real_world& w, int from, int count, std::mt19937& random) {
  auto one = w.store(), two = w.store();
  one->connect();
  two->connect();
  auto any = [&]() -> order_store& { return random() % 2 ? *one : *two; };
  using enum order_status;
  for (int i = from; i < from + count; ++i) {
    auto o = committed(any(), creation(draft(std::to_string(i))));
    for (auto left = random() % 4; left > 0; --left)
      o = committed(any(),
                    step_of(o, random() % 2 ? payment_pending : payment_failed,
                            random() % 2 ? payment_status::pending : payment_status::failed));
    if (random() % 3 > 0)
      committed(any(), step_of(o, random() % 2 ? completed : cancelled, payment_status::success,
                               std::nullopt));
  }
}

void fold_all(const std::string& conninfo, int page) {
  pg::connection on(conninfo);
  while (!pg::fold_figures(on, page))
    continue;
}

} // namespace

TEST_CASE("the figures equal a full recount, whoever folds how much and when") {
  const auto seed = std::random_device{}();
  INFO("seed ", seed);
  std::mt19937 random(seed);
  real_world w;
  fold_all(w.db.conninfo(), 10);
  CHECK(w.db.value(kept_sql) == "||");
  for (int round = 0; round < 3; ++round) {
    std::atomic<bool> written = false;
    std::vector<std::thread> folders;
    for (int page : {3, 7, 100})
      folders.emplace_back([&, page] {
        while (!written)
          fold_all(w.db.conninfo(), page);
      });
    write_orders(w, 100 * round, 40, random);
    written = true;
    for (auto& each : folders)
      each.join();
    fold_all(w.db.conninfo(), 11);
    CHECK(w.db.value(kept_sql) == w.db.value(recount_sql));
    // From here on these streams are over; the next round opens others.
    w.db.session().exec("update streams set drained = true");
  }
  fold_all(w.db.conninfo(), 11);
  CHECK(w.db.number("select count(*) from figures_folded where not complete") == 0);
}

TEST_CASE("orders from before the figures are counted in") {
  real_world w;
  std::mt19937 random(1);
  write_orders(w, 0, 5, random);
  auto queries = w.queries();
  CHECK(queries->figures().by_status.size() == order_status_count);
  CHECK(w.db.value(kept_sql) == w.db.value(recount_sql));
}

TEST_CASE("a fold that fails half-way counts nothing") {
  real_world w;
  std::mt19937 random(2);
  write_orders(w, 0, 5, random);
  w.db.session().exec("alter table figures_by_product add check (quantity < 0)");
  auto store = w.store();
  store->connect();
  const auto o = committed(*store, creation(draft("last")));
  committed(*store, step_of(o, order_status::completed, payment_status::success, std::nullopt));
  pg::connection on(w.db.conninfo());
  CHECK_THROWS_AS(pg::fold_figures(on), store_error);
  CHECK(w.db.value(kept_sql) == "||");
  w.db.session().exec(
      "alter table figures_by_product drop constraint figures_by_product_quantity_check");
  CHECK(pg::fold_figures(on));
  CHECK(w.db.value(kept_sql) == w.db.value(recount_sql));
}
