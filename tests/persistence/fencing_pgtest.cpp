// An incarnation that is fenced behind its back, while it writes as fast as it can: when the fence
// is complete nothing more is committed, and what was acknowledged is there.

#include "tests/persistence/order_worlds.hpp"
#include "tests/persistence/stock_bench.hpp"

#include "domain/membership.hpp"
#include "persistence/payment_store.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr int64_t writer = 7, successor = 8;

/// Writes through one store, number after number, until it is told that it is fenced.
class writing {
public:
  /// `write` returns after the commit, or throws `store_error`.
  writing(std::function<void()> connect, std::function<void(int)> write)
      : thread_([this, connect = std::move(connect), write = std::move(write)] {
          for (int i = 1; !over_; ++i) {
            try {
              connect();
              write(i);
              acknowledged_ = i;
            } catch (const store_error& e) {
              // A number whose outcome is unknown is not acknowledged; the next one is tried.
              if (e.kind == store_failure::fenced)
                return void(fenced_ = true);
            }
          }
        }) {}
  ~writing() {
    over_ = true;
    thread_.join();
  }

  void await(int count) const {
    while (acknowledged_ < count)
      std::this_thread::yield();
  }
  /// Ends by itself when fenced.
  bool await_fenced() const {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!fenced_ && std::chrono::steady_clock::now() < limit)
      std::this_thread::yield();
    return fenced_;
  }
  int acknowledged() const { return acknowledged_; }

private:
  std::atomic<int> acknowledged_ = 0;
  std::atomic<bool> over_ = false, fenced_ = false;
  std::thread thread_;
};

/// `count_sql` counts what was written; `fence` returns when the fence is complete.
void must_end_at_the_fence(pg_database& db, const char* count_sql, const writing& load,
                           const std::function<void()>& fence) {
  load.await(50);
  fence();
  const auto there = db.number(count_sql);
  CHECK(load.await_fenced());
  CHECK(db.number(count_sql) == there);
  // At most the one write whose answer was lost is there besides.
  CHECK(there >= load.acknowledged());
  CHECK(there <= load.acknowledged() + 1);
}

} // namespace

TEST_CASE("orders: nothing is committed after a fence") {
  pg_database db(database::orders);
  const auto first = begin_incarnation(db.conninfo(), {"node-1", "here"});
  const auto second = begin_incarnation(db.conninfo(), {"node-2", "there"});
  auto store = make_order_store(db.conninfo(), first);
  writing load([&] { store->connect(); },
               [&](int i) { commit_one(*store, creation(draft(std::to_string(i)))); });
  must_end_at_the_fence(db, "select count(*) from orders", load, [&] {
    db.session().exec("update incarnations set lease_until = clock_timestamp() - interval '1 s'"
                      " where incarnation = $1::bigint",
                      {first});
    REQUIRE(make_membership(db.conninfo(), second)->fence(first, lease_length));
    complete_fences(db.conninfo());
  });
}

TEST_CASE("payments: nothing is committed after a fence") {
  auto& db = emptied(database::payments);
  const std::vector<int64_t> nobody, fenced{writer};
  join_database(db.conninfo(), writer, nobody);
  auto store = make_payment_store(db.conninfo(), writer);
  writing load([&] { store->connect(); },
               [&](int i) {
                 payment_write begin;
                 begin.attempt.order_id = "o" + std::to_string(i);
                 begin.attempt.attempt = 1;
                 begin.attempt.amount = 2500;
                 store->write(std::vector{begin});
               });
  must_end_at_the_fence(db, "select count(*) from payment_attempts", load,
                        [&] { join_database(db.conninfo(), successor, fenced); });
}

TEST_CASE("inventory: nothing is committed after a fence") {
  auto& db = emptied(database::inventory);
  const std::vector<int64_t> nobody, fenced{writer};
  join_database(db.conninfo(), writer, nobody);
  db.session().exec("insert into products (id, name, price, stock, initial)"
                    " values ('p', 'P', 1, 1000000, 1000000)");
  auto store = make_inventory_store(db.conninfo(), writer, 0);
  writing load([&] { store->connect(); },
               [&](int i) {
                 apply_one(*store, created("o" + std::to_string(i), {{"p", 1}}));
               });
  must_end_at_the_fence(db, "select reserved from products where id = 'p'", load,
                        [&] { join_database(db.conninfo(), successor, fenced); });
}
