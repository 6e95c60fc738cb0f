#pragma once
// The same tests on the real orders database and on its fake: what either needs for that.

#include "persistence/membership.hpp"
#include "persistence/order_queries.hpp"
#include "persistence/order_store.hpp"
#include "tests/support/fake_order_store.hpp"
#include "tests/support/pg_fixture.hpp"
#include "tests/support/tcp_proxy.hpp"

/// A test that runs on both, as `world`. The file includes doctest.
#define EACH_WORLD(name)                                                                           \
  TEST_CASE_TEMPLATE(name, world, troupe::test::real_world, troupe::test::fake_world)

namespace troupe::test {

enum class break_at : uint8_t { before_commit, after_commit };

class real_world {
public:
  real_world();
  int64_t incarnation() const { return incarnation_; }
  std::unique_ptr<order_store> store() { return store(incarnation_); }
  /// All stores talk through a proxy that can break connections.
  std::unique_ptr<order_store> store(int64_t incarnation);
  std::unique_ptr<order_queries> queries() { return make_order_queries(db.conninfo()); }
  int64_t second_incarnation() { return begin_incarnation(db.conninfo(), {"node-2", "here"}); }
  void fence(int64_t incarnation) { end_incarnation(db.conninfo(), incarnation); }
  void break_next(break_at where);
  /// Lets that much time pass for keys and deadlines.
  void age(std::chrono::seconds by);

  pg_database db{database::orders};

private:
  std::unique_ptr<tcp_proxy> proxy_;
  int64_t incarnation_;
};

class fake_world {
public:
  int64_t incarnation() const { return 1; }
  std::unique_ptr<order_store> store() { return store(1); }
  std::unique_ptr<order_store> store(int64_t incarnation) { return orders->store(incarnation); }
  std::unique_ptr<order_queries> queries() { return orders->queries(); }
  int64_t second_incarnation() { return 2; }
  void fence(int64_t incarnation) { orders->fence(incarnation); }
  void break_next(break_at where) {
    orders->fail_next_commit(where == break_at::before_commit ? fake_orders::trouble::lost_before
                                                              : fake_orders::trouble::lost_after);
  }
  void age(std::chrono::seconds by) { passed += by; }

  std::chrono::seconds passed{0};
  std::shared_ptr<fake_orders> orders = fake_orders::make([this] {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now())
           + passed;
  });
};

/// A draft of two lines; ids end in `name`.
order draft(const std::string& name);
write_set creation(const order& o, std::optional<idempotency> key = std::nullopt);
/// A step of `o` to `status`, with one event and a deadline in `ttl`.
write_set step_of(const order& o, order_status status, payment_status payment,
                  std::optional<std::chrono::seconds> ttl = std::chrono::seconds(60));
/// Changes columns of `o` without a step.
write_set touch_of(const order& o, int32_t rounds);

std::vector<commit_outcome> outcomes(const std::vector<commit_result>& results);
std::optional<order> loaded(order_queries& from, const std::string& id);

/// Commits one set alone.
commit_result commit_one(order_store& into, const write_set& set);
/// Commits `set`, which must work, and returns the order after it.
order committed(order_store& into, const write_set& set);

} // namespace troupe::test
