#include "persistence/inventory_store.hpp"

#include "persistence/batching.hpp"
#include "persistence/product_writes.hpp"
#include "persistence/stock_plan.hpp"
#include "persistence/stock_rows.hpp"
#include "persistence/stream_session.hpp"

#include <exception>
#include <iterator>
#include <type_traits>
#include <utility>

namespace troupe {

namespace {

constexpr std::string_view stock_page_sql
    = "select position, step, (extract(epoch from at) * 1000000)::bigint, events"
      " from stock_ledger where position > $1::bigint and position < $2::bigint"
      " order by position limit $3::integer";

constexpr std::string_view stock_found_sql
    = "select position, step, (extract(epoch from at) * 1000000)::bigint, events"
      " from stock_ledger where position = any($1::bigint[]) order by position";

// A stopped process must not hold products for ever between its locks and its commit.
constexpr std::string_view stock_patience_sql = "set idle_in_transaction_session_timeout = '10s'";

/// Rounds of one batch: the first by versions, the others by locks. Those only fail when somebody
/// else holds a row for a second.
constexpr int stock_rounds = 4;

class pg_inventory_store : public inventory_store {
public:
  pg_inventory_store(std::string conninfo, int64_t incarnation, int64_t low_stock,
                     std::chrono::seconds key_life)
      : session_(std::move(conninfo), incarnation,
                 {service::inventory, stock_page_sql, stock_found_sql},
                 {.plans = pg::planning::by_keys}),
        low_stock_(low_stock),
        key_life_(key_life) {}

  void connect() override {
    if (!session_.connect())
      return;
    unreported_.forget();
    session_.db().exec(stock_patience_sql);
  }

  bool connected() const override { return session_.connected(); }
  stream_log& log() override { return session_; }

  std::vector<stock_result> apply(std::span<const stock_input> inputs) override {
    std::vector<stock_result> results;
    auto part = [this](std::span<const stock_input> some) { return apply_part(some); };
    auto reject = [&](size_t index, const pg::error& e) {
      results[index] = {stock_result::kind::impossible, e.what(), {}};
    };
    try {
      pg::write_parts(inputs, results, part, reject);
    } catch (...) {
      keep(results);
      throw;
    }
    if (!results.empty())
      unreported_.hand_over(results.front().events);
    return results;
  }

  edited_product edit(const product_edit& e) override {
    auto result
        = patiently([&](int) { return pg::write_edit(session_, e, low_stock_, key_life_); });
    unreported_.hand_over(result.events);
    return result;
  }

private:
  /// `f(round)`, again while somebody holds a row for too long.
  template <class F>
  static std::invoke_result_t<F, int> patiently(F f) {
    for (int round = 0;; ++round) {
      try {
        return f(round);
      } catch (const pg::error& e) {
        if (!e.contended() || round + 1 == stock_rounds)
          throw;
      }
    }
  }

  /// One transaction, or an error and none.
  std::vector<stock_result> apply_part(std::span<const stock_input> inputs) {
    const auto scope = pg::scope_of(inputs);
    return patiently([&](int round) {
      try {
        return round == 0 ? by_versions(scope, inputs) : by_locks(scope, inputs);
      } catch (const store_error&) {
        throw;
      } catch (const std::exception& e) {
        // A record that cannot be read: bad data, like any that the server refuses.
        throw pg::error(store_failure::failed, e.what(), "22000");
      }
    });
  }

  std::vector<stock_result> by_versions(const pg::stock_scope& scope,
                                        std::span<const stock_input> inputs) {
    auto plan = decide(pg::read_stock(session_.db(), scope), inputs);
    if (plan.writes())
      stamp(plan, pg::write_stock(session_.db(), plan));
    return std::move(plan.results);
  }

  std::vector<stock_result> by_locks(const pg::stock_scope& scope,
                                     std::span<const stock_input> inputs) {
    pg::transaction all(session_.db());
    auto plan = decide(pg::lock_stock(session_.db(), scope), inputs);
    if (plan.writes())
      stamp(plan, pg::write_stock(session_.db(), plan));
    all.commit();
    return std::move(plan.results);
  }

  stock_plan decide(stock_view view, std::span<const stock_input> inputs) {
    return plan_stock(std::move(view), inputs, low_stock_,
                      [this] { return session_.next_position(); });
  }

  void keep(std::vector<stock_result>& results) {
    for (auto& result : results)
      for (auto& answer : result.events)
        if (answer.fresh)
          unreported_.keep(std::move(answer));
  }

  pg::stream_session session_;
  int64_t low_stock_;
  std::chrono::seconds key_life_;
  pg::unreported<stock_result::answer> unreported_;
};

} // namespace

std::unique_ptr<inventory_store> make_inventory_store(std::string conninfo, int64_t incarnation,
                                                      int64_t low_stock,
                                                      std::chrono::seconds key_life) {
  return std::make_unique<pg_inventory_store>(std::move(conninfo), incarnation, low_stock,
                                              key_life);
}

} // namespace troupe
