// Several workers on one inventory database: nothing oversold, nothing lost, nobody stuck.

#include "tests/persistence/pg_wait.hpp"
#include "tests/persistence/stock_bench.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <thread>

using namespace troupe;
using namespace troupe::test;
using result = stock_result::kind;

namespace {

/// Applies inputs on a thread of its own, batch by batch, and gives all results back.
class worker {
public:
  worker(const real_stock& bench, std::vector<std::vector<stock_input>> batches)
      : store_(bench.open()), thread_([this, batches = std::move(batches)] {
          try {
            for (const auto& batch : batches)
              apply(batch);
          } catch (const std::exception& e) {
            error_ = e.what();
          }
        }) {}
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;
  ~worker() {
    if (thread_.joinable())
      thread_.join();
  }

  std::vector<stock_result> finish() {
    thread_.join();
    CAPTURE(error_);
    CHECK(error_.empty());
    return std::move(results_);
  }

private:
  /// `wait` means that nothing was written: on a slow machine a lock may take longer than a second.
  void apply(const std::vector<stock_input>& batch) {
    for (int tries = 1;; ++tries) {
      try {
        for (auto& each : store_->apply(batch))
          results_.push_back(std::move(each));
        return;
      } catch (const store_error& e) {
        if (e.kind != store_failure::wait || tries == 20)
          throw;
      }
    }
  }

  std::unique_ptr<inventory_store> store_;
  std::vector<stock_result> results_;
  std::string error_;
  std::thread thread_;
};

int64_t count(real_stock& bench, const std::string& state) {
  return bench.db.number("select count(*) from stock_orders where state = $1", {state});
}

int64_t wrong_sums(real_stock& bench) {
  return bench.db.number("select count(*) from products where initial + adjusted"
                         " <> stock + reserved + sold or least(stock, reserved, sold) < 0");
}

/// Products whose units are not what the orders hold of them.
int64_t leaked(real_stock& bench) {
  return bench.db.number(
      "select count(*) from products p left join ("
      " select l ->> 'productId' as id,"
      "  sum((l ->> 'quantity')::bigint) filter (where o.state = 'reserved') as reserved,"
      "  sum((l ->> 'quantity')::bigint) filter (where o.state = 'sold') as sold"
      " from stock_orders o, json_array_elements(o.lines) l group by 1) held using (id)"
      " where p.reserved <> coalesce(held.reserved, 0) or p.sold <> coalesce(held.sold, 0)");
}

int64_t deadlocks(real_stock& bench) {
  return bench.db.number("select deadlocks from pg_stat_database"
                         " where datname = current_database()");
}

/// Waits until no other session of this database is left, but the one that looks.
void await_alone(const pg_database& db) {
  await_number(db,
               "select count(*) from pg_stat_activity where datname = current_database()"
               " and backend_type = 'client backend'",
               2);
}

} // namespace

TEST_CASE("fifty buyers of ten pieces, over two workers") {
  real_stock bench;
  bench.add(article("rare", 10));
  std::vector<std::vector<stock_input>> batches[2];
  for (int i = 0; i < 50; ++i) {
    const auto id = "o" + std::to_string(i);
    batches[i % 2].push_back({created(id, {{"rare", 1}})});
    // Paid at the other worker, often before it was reserved.
    batches[1 - i % 2].push_back({paid(id)});
  }
  worker one(bench, batches[0]), two(bench, batches[1]);
  auto results = one.finish();
  for (auto& each : two.finish())
    results.push_back(std::move(each));

  CHECK(count(bench, "sold") == 10);
  CHECK(count(bench, "short") == 40);
  CHECK(units_of(bench, "rare") == units{0, 0, 10});
  CHECK(wrong_sums(bench) == 0);
  CHECK(bench.parked() == 0);
  int updated = 0;
  for (const auto& each : results)
    for (const auto& answer : each.events)
      updated += answer.fresh && answer.event.what.topic == topic::inventory_updated;
  CHECK(updated == 10);
}

TEST_CASE("a version conflict is met by locking first") {
  real_stock bench;
  bench.add(article("a", 3));
  auto& rival = bench.db.session();
  rival.exec("begin");
  rival.exec("update products set stock = 0, sold = 3, version = version + 1 where id = 'a'");
  worker slow(bench, {{created("o", {{"a", 2}})}}); // reads 3 pieces, then waits for the row
  await_blocked(bench.db);
  rival.exec("commit");
  const auto results = slow.finish();
  REQUIRE(results.size() == 1);
  CHECK(results[0].what == result::applied);
  REQUIRE(results[0].events.size() == 1);
  CHECK(results[0].events[0].event.what.topic == topic::inventory_rejected);
  CHECK(bench.state("o") == "short");
  CHECK(units_of(bench, "a") == units{0, 0, 3});
  CHECK(bench.ledger_rows() == 1);
}

TEST_CASE("an event that is parked at the very moment of its order's creation is drained") {
  real_stock bench;
  bench.add(article("a", 3));
  auto& rival = bench.db.session();
  rival.exec("begin");
  rival.exec("insert into stock_orders (order_id, state) values ('o', 'unknown')");
  rival.exec("insert into parked_events (order_id, ce_source, ce_id, topic, partition,"
             " record_offset, key, value) values ('o', '/troupe/order', 'order-1.0',"
             " 'payment-success', 0, 0, 'o', '{}')");
  worker slow(bench, {{created("o", {{"a", 2}})}}); // sees neither, then waits for the row
  await_blocked(bench.db);
  rival.exec("commit");
  const auto results = slow.finish();
  REQUIRE(results.size() == 1);
  REQUIRE(results[0].events.size() == 1);
  CHECK(results[0].events[0].event.what.topic == topic::inventory_updated);
  CHECK(bench.state("o") == "sold");
  CHECK(bench.parked() == 0);
}

TEST_CASE("and the other way round: a park that meets a creation is applied") {
  real_stock bench;
  bench.add(article("a", 3));
  auto& rival = bench.db.session();
  rival.exec("begin");
  rival.exec("insert into stock_orders (order_id, state, lines, step) values ('o', 'reserved',"
             " '[{\"productId\":\"a\",\"quantity\":2}]', 1)");
  rival.exec("update products set stock = 1, reserved = 2, version = 2 where id = 'a'");
  worker slow(bench, {{paid("o")}});
  await_blocked(bench.db);
  rival.exec("commit");
  const auto results = slow.finish();
  REQUIRE(results.size() == 1);
  CHECK(results[0].what == result::applied);
  CHECK(bench.state("o") == "sold");
  CHECK(bench.parked() == 0);
}

TEST_CASE("workers on shuffled orders and products never deadlock") {
  const auto seed = std::random_device{}();
  MESSAGE("seed " << seed);
  std::mt19937 random(seed);
  real_stock bench;
  constexpr int products = 12, orders = 120;
  for (int p = 0; p < products; ++p)
    bench.add(article("p" + std::to_string(p), 60));
  // Both workers get every event of every order, in orders and batches of their own.
  std::vector<stock_input> all;
  for (int o = 0; o < orders; ++o) {
    std::vector<stock_line> lines;
    for (int p = 0; p < products; ++p)
      if (random() % 3 == 0)
        lines.push_back({"p" + std::to_string(p), static_cast<int32_t>(1 + random() % 3)});
    if (lines.empty())
      lines.push_back({"p0", 1});
    std::shuffle(lines.begin(), lines.end(), random);
    const auto id = "o" + std::to_string(o);
    all.push_back(created(id, lines));
    if (o % 3 > 0)
      all.push_back(paid(id));
    if (o % 3 == 2)
      all.push_back(cancelled(id));
  }
  auto shuffled = [&] {
    std::shuffle(all.begin(), all.end(), random);
    std::vector<std::vector<stock_input>> batches;
    for (size_t i = 0; i < all.size(); i += 20)
      batches.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(i),
                           all.begin() + static_cast<std::ptrdiff_t>(std::min(i + 20, all.size())));
    return batches;
  };
  const auto deadlocks_before = deadlocks(bench);
  {
    worker one(bench, shuffled()), two(bench, shuffled());
    one.finish();
    two.finish();
  }

  CHECK(wrong_sums(bench) == 0);
  CHECK(bench.parked() == 0);
  CHECK(count(bench, "unknown") == 0);
  CHECK(count(bench, "released") == orders / 3);
  CHECK(leaked(bench) == 0);
  await_alone(bench.db); // a session counts its deadlocks at its end
  CHECK(deadlocks(bench) == deadlocks_before);
}

TEST_CASE("the products table itself refuses units from nowhere") {
  real_stock bench;
  bench.add(article("a", 3));
  auto refused = [&](std::string_view sql) {
    try {
      bench.db.session().exec(sql);
      return false;
    } catch (const pg::error& e) {
      return e.sqlstate() == "23514";
    }
  };
  CHECK(refused("update products set stock = 4"));
  CHECK(refused("update products set stock = -1, sold = 4"));
  CHECK(refused("update products set reserved = -1, sold = 1"));
  CHECK_FALSE(refused("update products set stock = 5, adjusted = 2"));
}

TEST_CASE("a product that a running transaction has touched is not missed by the mark") {
  real_stock bench;
  bench.add(article("a", 3));
  auto queries = bench.queries();
  int64_t mark = 0;
  queries->changed_since(mark);
  queries->changed_since(mark);
  auto& slow = bench.db.session();
  slow.exec("begin");
  slow.exec("update products set stock = 2, sold = 1, changed_by = pg_current_xact_id()");
  // Somebody younger commits before the slow one.
  pg::connection young(bench.db.conninfo());
  young.exec("insert into products (id, name, price, stock, initial) values ('b', 'b', 1, 1, 1)");
  auto changed = queries->changed_since(mark);
  REQUIRE(changed.size() == 1);
  CHECK(changed[0].id == "b");
  slow.exec("commit");
  changed = queries->changed_since(mark);
  const auto found
      = std::find_if(changed.begin(), changed.end(), [](const product& p) { return p.id == "a"; });
  REQUIRE(found != changed.end());
  CHECK(found->stock == 2);
}

TEST_CASE("a fenced incarnation opens no session") {
  real_stock bench;
  bench.db.session().exec("update incarnations set fenced = true");
  auto store = make_inventory_store(bench.db.conninfo(), 7, 0);
  try {
    store->connect();
    FAIL("connected");
  } catch (const store_error& e) {
    CHECK(e.kind == store_failure::fenced);
  }
}

TEST_CASE("a record that cannot be written fails alone, and no committed event is forgotten") {
  real_stock bench;
  bench.add(article("a", 10));
  bench.db.session().exec("insert into stock_orders (order_id, state, lines)"
                          " values ('broken', 'reserved', '[{\"productId\":1}]')");
  auto store = bench.open();
  const auto got = store->apply(std::vector{created("o1", {{"a", 1}}), paid("o1"), paid("broken"),
                                            created("o2", {{"a", 1}})});
  CHECK(got[1].events.size() == 1);
  CHECK(got[2].what == result::impossible);
  CHECK(got[3].what == result::applied);
  CHECK(units_of(bench, "a") == units{8, 1, 1});
}

TEST_CASE("the catalogue is seeded once") {
  auto& db = emptied(database::inventory);
  CHECK(seed_products(db.conninfo()) == 100);
  CHECK(seed_products(db.conninfo()) == 0);
  CHECK(db.number("select count(*) from products") == 100);
  CHECK(db.number("select count(distinct category) from products") == 8);
  CHECK(db.number("select count(distinct name) from products") == 100);
  CHECK(db.value("select image_url from products where id = 'p-001'")
        == "/images/products/p-001.svg");
  CHECK(db.number("select count(*) from products where price < 100 or description = ''") == 0);
}
