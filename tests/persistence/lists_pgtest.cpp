// Pages of products and orders: in every order, none twice, none missing, also while the list
// changes; and read along an index, however long the list is.

#include "persistence/order_pages.hpp"
#include "persistence/product_rows.hpp"
#include "tests/persistence/order_worlds.hpp"
#include "tests/persistence/stock_bench.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::test;

namespace {

product_place place_of(const product& p, product_order order) {
  return {p.name, order == product_order::price ? p.price : p.created_at.time_since_epoch().count(),
          p.id};
}

/// The ids of all pages of `by`, each of `by.limit`; `between` runs between two of them.
template <class F>
std::string all_pages(inventory_queries& from, product_filter by, F between) {
  std::string ids;
  int64_t total = 0;
  for (;;) {
    const auto page = from.list(by, total);
    for (const auto& p : page)
      ids += p.id + " ";
    if (static_cast<int>(page.size()) < by.limit)
      return ids;
    by.after = place_of(page.back(), by.order);
    between();
  }
}

/// The plan of a statement, as PostgreSQL tells it.
std::string plan_of(pg_database& db, const pg::statement& what) {
  // A session keeps the texts that it has prepared.
  static std::deque<std::string> texts;
  texts.push_back("explain " + std::string(what.sql));
  const auto rows = db.session().exec({texts.back(), what.params});
  std::string plan;
  for (int i = 0; i < rows.rows(); ++i)
    plan += rows.text(i, 0) + "\n";
  return plan;
}

bool has(const std::string& plan, const char* what) {
  return plan.find(what) != std::string::npos;
}

} // namespace

TEST_CASE_TEMPLATE("products page by page in every order", Bench, real_stock, fake_stock) {
  Bench bench;
  for (const auto& [id, name, price] :
       std::vector<std::tuple<const char*, const char*, cents>>{{"d", "Lamp", 300},
                                                                {"b", "Lamp", 100},
                                                                {"a", "Desk", 300},
                                                                {"c", "Chair", 300},
                                                                {"e", "Ünal", 200}}) {
    auto p = article(id, 1);
    p.name = name;
    p.price = price;
    bench.add(p);
  }
  const auto queries = bench.queries();
  struct row {
    product_order order;
    bool descending;
    const char* ids;
  };
  for (const auto& r : std::vector<row>{{product_order::name, false, "c a b d e "},
                                        {product_order::name, true, "e d b a c "},
                                        {product_order::price, false, "b e a c d "},
                                        {product_order::price, true, "d c a e b "},
                                        {product_order::created, false, "d b a c e "},
                                        {product_order::created, true, "e c a b d "}})
    for (int limit : {1, 2, 3, 5, 10}) {
      CAPTURE(limit);
      product_filter by;
      by.order = r.order;
      by.descending = r.descending;
      by.limit = limit;
      CHECK(all_pages(*queries, by, [] {}) == r.ids);
    }
}

TEST_CASE_TEMPLATE("what comes in on pages that were read moves nothing", Bench, real_stock,
                   fake_stock) {
  Bench bench;
  for (const auto* id : {"a", "b", "c", "d"})
    bench.add(article(id, 1));
  product_filter by;
  by.limit = 2;
  bool once = true;
  const auto queries = bench.queries();
  const auto ids = all_pages(*queries, by, [&] {
    if (std::exchange(once, false)) {
      bench.add(article("a1", 1)); // before what was read
      bench.add(article("c1", 1)); // behind it
    }
  });
  CHECK(ids == "a b c c1 d ");
}

EACH_WORLD("orders: one's own or everybody's, newest first, page by page") {
  world w;
  auto store = w.store();
  store->connect();
  std::string newest_first, of_b;
  for (int i = 0; i < 7; ++i) {
    auto o = draft(std::to_string(i));
    o.user_id = i % 3 == 0 ? "b" : "a";
    auto made = committed(*store, creation(o));
    newest_first.insert(0, o.id + " ");
    if (o.user_id == "b")
      of_b.insert(0, o.id + " ");
    if (i == 2 || i == 6)
      committed(*store, step_of(made, order_status::payment_pending, payment_status::pending));
  }
  const auto queries = w.queries();
  auto pages = [&](order_filter by) {
    std::string ids;
    for (;;) {
      const auto page = queries->list(by);
      for (const auto& o : page) {
        CHECK(o.lines.size() == 2);
        CHECK(static_cast<int32_t>(o.history.size()) == o.version);
        ids += o.id + " ";
      }
      if (static_cast<int>(page.size()) < by.limit)
        return ids;
      by.after = order_filter::place{page.back().created_at, page.back().id};
    }
  };
  for (int limit : {1, 3, 50}) {
    CHECK(pages({"", std::nullopt, std::nullopt, limit}) == newest_first);
    CHECK(pages({"b", std::nullopt, std::nullopt, limit}) == of_b);
    CHECK(pages({"", order_status::payment_pending, std::nullopt, limit}) == "order6 order2 ");
    CHECK(pages({"a", order_status::payment_pending, std::nullopt, limit}) == "order2 ");
    CHECK(pages({"nobody", std::nullopt, std::nullopt, limit}).empty());
  }
}

TEST_CASE("a page of ten thousand products or orders is read along an index") {
  auto& shop = emptied(database::inventory);
  shop.session().exec(
      "insert into products (id, name, price, stock, initial)"
      " select 'p' || i, 'Article ' || i, i % 977, 1, 1 from generate_series(1, 10000) i");
  shop.session().exec("analyze products");
  for (auto order : {product_order::name, product_order::price, product_order::created})
    for (bool descending : {false, true})
      for (bool first : {true, false}) {
        product_filter by;
        by.order = order;
        by.descending = descending;
        by.limit = 50;
        if (!first)
          by.after = {"Article 5", 500, "p5"};
        const auto plan = plan_of(shop, pg::page_of_products(by));
        CAPTURE(plan);
        CHECK(has(plan, "Index Scan"));
        CHECK_FALSE(has(plan, "Sort"));
        CHECK_FALSE(has(plan, "Seq Scan"));
      }

  pg_database orders{database::orders};
  orders.session().exec("insert into orders select 'o' || i, 'u' || i % 50, 1,"
                        " (array['CREATED', 'COMPLETED', 'CANCELLED'])[i % 3 + 1], 'PENDING',"
                        " now() - i * interval '1 second', now(), '{}', 1, 0, 0, '', false, 0, null"
                        " from generate_series(1, 10000) i");
  orders.session().exec("analyze orders");
  const order_filter::place middle{timestamp(std::chrono::sys_days(std::chrono::days(20'000))),
                                   "o"};
  for (const auto* user : {"", "u7"})
    for (const auto& after : {std::optional<order_filter::place>(), std::optional(middle)}) {
      const auto plan = plan_of(orders, pg::page_of_orders({user, std::nullopt, after, 50}));
      CAPTURE(plan);
      CHECK_FALSE(has(plan, "Seq Scan on orders"));
      // Everybody's: a page of each status is merged, which sorts a few hundred rows at most.
      CHECK(has(plan, *user == '\0' ? "orders_of_status" : "orders_user_id"));
      CHECK((*user == '\0' || !has(plan, "Sort")));
    }
}
