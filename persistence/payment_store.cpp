#include "persistence/payment_store.hpp"

#include "persistence/batching.hpp"
#include "persistence/payment_rows.hpp"
#include "persistence/stream_session.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe {

namespace {

constexpr std::string_view page_sql
    = "select position, step, (extract(epoch from at) * 1000000)::bigint, events"
      " from payment_journal where position > $1::bigint and position < $2::bigint"
      " order by position limit $3::integer";

constexpr std::string_view found_sql
    = "select position, step, (extract(epoch from at) * 1000000)::bigint, events"
      " from payment_journal where position = any($1::bigint[]) order by position";

constexpr std::string_view refunds_sql
    = "select position, step, (extract(epoch from at) * 1000000)::bigint, events"
      " from payment_journal where order_id = any($1::text[]) and kind = 'REFUNDED'"
      " order by position";

constexpr std::string_view attempts_sql
    = "select " TROUPE_ATTEMPT_COLUMNS " from payment_attempts a join payments p using (order_id)"
      " where order_id = any($1::text[]) order by order_id, attempt";

constexpr std::string_view abandoned_sql
    = "select " TROUPE_ATTEMPT_COLUMNS " from payment_attempts a join payments p using (order_id)"
      " join incarnations i using (incarnation)"
      " where a.status = 'PENDING' and i.fenced and a.key > $2::text order by a.key"
      " limit $1::integer";

constexpr std::string_view due_sql
    = "with due as materialized ("
      "  select order_id, attempt from payment_attempts"
      "  where refund = 'PENDING' and next_try_at <= statement_timestamp()"
      "  order by next_try_at limit $1::integer for update skip locked)"
      " update payment_attempts a"
      " set next_try_at = clock_timestamp() + $2::bigint * interval '1 millisecond'"
      " from due join payments p using (order_id)"
      " where a.order_id = due.order_id and a.attempt = due.attempt"
      " returning " TROUPE_ATTEMPT_COLUMNS;

// A stopped process must not hold an order's row for ever between its lock and its commit.
constexpr std::string_view patience_sql = "set idle_in_transaction_session_timeout = '10s'";

/// Rounds of one batch that meets locks of others for a second each.
constexpr int rounds = 3;

std::vector<payment_attempt> read_attempts(const pg::result& rows) {
  std::vector<payment_attempt> all;
  all.reserve(static_cast<size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i)
    all.push_back(pg::read_attempt(rows, i));
  return all;
}

class pg_payment_store : public payment_store {
public:
  pg_payment_store(std::string conninfo, int64_t incarnation)
      : session_(std::move(conninfo), incarnation, {service::payment, page_sql, found_sql},
                 {.plans = pg::planning::by_keys}),
        ids_(random_ids()) {}

  void connect() override {
    if (!session_.connect())
      return;
    unreported_.forget();
    session_.db().exec(patience_sql);
  }

  bool connected() const override { return session_.connected(); }
  stream_log& log() override { return session_; }

  std::vector<payment_result> write(std::span<const payment_write> steps) override {
    std::vector<payment_result> results;
    auto part = [this](std::span<const payment_write> some) { return write_part(some); };
    auto reject = [&](size_t index, const pg::error& e) {
      results[index].error = e.what();
      results[index].now.order_id = steps[index].attempt.order_id;
    };
    try {
      pg::write_parts(steps, results, part, reject);
    } catch (...) {
      keep(results);
      throw;
    }
    if (!results.empty())
      unreported_.hand_over(results.front().events);
    return results;
  }

  std::vector<payment_attempt> attempts(std::span<const std::string> order_ids) override {
    return read_attempts(session_.db().exec(
        attempts_sql, {std::vector<std::string>(order_ids.begin(), order_ids.end())}));
  }

  std::vector<payment_attempt> abandoned(int limit, const std::string& after) override {
    return read_attempts(session_.db().exec(abandoned_sql, {limit, after}));
  }

  std::vector<payment_attempt> due_refunds(int limit, std::chrono::milliseconds lease) override {
    return read_attempts(session_.db().exec(due_sql, {limit, int64_t{lease.count()}}));
  }

  std::vector<outgoing_event> refund_events(std::span<const std::string> order_ids) override {
    const auto rows = session_.db().exec(
        refunds_sql, {std::vector<std::string>(order_ids.begin(), order_ids.end())});
    std::vector<outgoing_event> all;
    for (int i = 0; i < rows.rows(); ++i)
      std::ranges::move(pg::outgoing(service::payment, rows.integer(i, 0), rows.small(i, 1),
                                     rows.time(i, 2), rows.view(i, 3)),
                        std::back_inserter(all));
    return all;
  }

private:
  /// One transaction, or an error and none.
  std::vector<payment_result> write_part(std::span<const payment_write> steps) {
    for (int round = 1;; ++round) {
      try {
        return write_locked(steps);
      } catch (const pg::error& e) {
        if (!e.contended() || round == rounds)
          throw;
      }
    }
  }

  std::vector<payment_result> write_locked(std::span<const payment_write> steps) {
    pg::transaction all(session_.db());
    auto plan = plan_payments(pg::lock_payments(session_.db(), steps, ids_), steps,
                              [this] { return session_.next_position(); });
    if (plan.writes())
      stamp(plan, pg::write_payments(session_.db(), plan, session_.incarnation()));
    all.commit();
    return std::move(plan.results);
  }

  void keep(std::vector<payment_result>& results) {
    for (auto& result : results)
      for (auto& e : result.events)
        unreported_.keep(std::move(e));
  }

  pg::stream_session session_;
  id_source ids_;
  pg::unreported<outgoing_event> unreported_;
};

} // namespace

std::unique_ptr<payment_store> make_payment_store(std::string conninfo, int64_t incarnation) {
  return std::make_unique<pg_payment_store>(std::move(conninfo), incarnation);
}

} // namespace troupe
