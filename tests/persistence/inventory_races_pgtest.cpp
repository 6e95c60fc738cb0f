// Several workers on one inventory database: nothing oversold, nothing lost, nobody stuck.

#include "persistence/stock_rows.hpp"
#include "tests/persistence/pg_wait.hpp"
#include "tests/persistence/stock_bench.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <future>
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

TEST_CASE("an order that moved on meanwhile is decided again") {
  real_stock bench;
  bench.add(article("a", 1));
  apply_one(*bench.open(), created("o", {{"a", 2}})); // short
  auto& rival = bench.db.session();
  rival.exec("update products set stock = 5, adjusted = 4");
  rival.exec("begin");
  rival.exec("update stock_orders set state = 'released', version = version + 1");
  worker slow(bench, {{paid("o")}}); // reads a short order and enough stock, then waits
  await_blocked(bench.db);
  rival.exec("commit");
  CHECK(slow.finish().at(0).what == result::ignored);
  CHECK(bench.state("o") == "released");
  CHECK(units_of(bench, "a") == units{5, 0, 0});
}

TEST_CASE("a product whose version never stands still is served by the locks") {
  real_stock bench;
  bench.add(article("a", 3));
  // Whoever writes by versions finds that the product has just moved on, every time.
  bench.db.session().script(
      "create function move_on() returns trigger language plpgsql as"
      " $$ begin update products set version = version + 1; return null; end $$;"
      "create trigger move_on after insert on stock_orders"
      " for each row when (new.state <> 'unknown') execute function move_on()");
  CHECK(apply_one(*bench.open(), created("o", {{"a", 2}})).what == result::applied);
  CHECK(bench.state("o") == "reserved");
  CHECK(units_of(bench, "a") == units{1, 2, 0});
  bench.db.session().script("drop function move_on cascade");
}

namespace {

/// Runs `f` on a thread while another session holds the first row of `table`, and gives the number
/// of the other rows that `f` has locked when it waits for that one.
template <class F>
int64_t locked_out_of_order(real_stock& bench, const std::string& table, const std::string& key,
                            F f) {
  pg::connection holder(bench.db.conninfo());
  holder.script("begin; select 1 from " + table + " order by " + key + " limit 1 for update");
  auto waits = std::async(std::launch::async, f);
  await_blocked(bench.db);
  const auto sql = "select (select count(*) from " + table
                   + ") - 1 - (select count(*) from ("
                     "select 1 from "
                   + table + " for update skip locked) free)";
  const auto locked = bench.db.number(sql);
  holder.script("commit");
  waits.get();
  return locked;
}

} // namespace

TEST_CASE("rows are locked by id, whatever the order of the inputs") {
  real_stock bench;
  std::vector<stock_line> lines;
  std::vector<stock_input> inputs;
  for (const char* p : {"p7", "p2", "p9", "p0", "p4", "p1", "p8", "p3", "p6", "p5"}) {
    bench.add(article(p, 100));
    lines.push_back({p, 1});
  }
  auto store = bench.open();
  for (const char* o : {"o7", "o2", "o9", "o0", "o4", "o1", "o8", "o3", "o6", "o5"}) {
    apply_one(*store, created(o, lines));
    inputs.push_back(paid(o));
  }
  auto by_versions = [&] { store->apply(inputs); };
  auto by_locks = [&] {
    pg::session_options patient;
    patient.lock_timeout = std::chrono::seconds(10);
    pg::connection on(bench.db.conninfo(), patient);
    pg::transaction all(on);
    pg::lock_stock(on, pg::scope_of(inputs));
  };
  CHECK(locked_out_of_order(bench, "products", "id", by_locks) == 0);
  CHECK(locked_out_of_order(bench, "stock_orders", "order_id", by_locks) == 0);
  CHECK(locked_out_of_order(bench, "products", "id", by_versions) == 0);
  for (auto& each : inputs)
    each.verb = stock_verb::order_cancelled;
  CHECK(locked_out_of_order(bench, "stock_orders", "order_id", by_versions) == 0);
  CHECK(wrong_sums(bench) == 0);
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
