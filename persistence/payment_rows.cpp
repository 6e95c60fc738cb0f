#include "persistence/payment_rows.hpp"

#include <optional>
#include <set>

namespace troupe::pg {

namespace {

// Without an attempt the row is never seen: it commits with the attempt that it is made for.
constexpr std::string_view ensure_sql
    = "insert into payments (id, order_id, amount)"
      " select * from unnest($1::text[], $2::text[], $3::bigint[]) as t(id, order_id, amount)"
      " order by order_id on conflict (order_id) do nothing";

constexpr std::string_view lock_sql
    = "select order_id, step from payments where order_id = any($1::text[])"
      " order by order_id for update";

constexpr std::string_view attempts_sql
    = "select " TROUPE_ATTEMPT_COLUMNS ", a.traceparent"
      " from payment_attempts a join payments p using (order_id)"
      " where order_id = any($1::text[]) order by order_id, attempt";

constexpr std::string_view new_attempts_sql
    = "insert into payment_attempts (order_id, attempt, key, amount, status, refund,"
      " transaction_id, reason, incarnation, traceparent, next_try_at)"
      " select order_id, attempt, key, amount, status, refund, nullif(transaction_id, ''),"
      "  nullif(reason, ''), $11::bigint, traceparent,"
      "  clock_timestamp() + due * interval '1 millisecond'"
      " from unnest($1::text[], $2::integer[], $3::text[], $4::bigint[], $5::text[], $6::text[],"
      "  $7::text[], $8::text[], $9::text[], $10::bigint[])"
      "  as t(order_id, attempt, key, amount, status, refund, transaction_id, reason,"
      "   traceparent, due)";

constexpr std::string_view old_attempts_sql
    = "update payment_attempts a set status = s.status, refund = s.refund,"
      " transaction_id = nullif(s.transaction_id, ''), reason = nullif(s.reason, ''),"
      " traceparent = s.traceparent, tries = a.tries + s.tried,"
      " next_try_at = clock_timestamp() + s.due * interval '1 millisecond',"
      " updated_at = clock_timestamp()"
      " from unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[],"
      "  $7::text[], $8::bigint[], $9::integer[])"
      "  as s(order_id, attempt, status, refund, transaction_id, reason, traceparent, due, tried)"
      " where a.order_id = s.order_id and a.attempt = s.attempt";

constexpr std::string_view payments_sql
    = "update payments p set amount = s.amount, status = s.status,"
      " transaction_id = nullif(s.transaction_id, ''), step = s.step,"
      " updated_at = clock_timestamp()"
      " from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::integer[])"
      "  as s(order_id, amount, status, transaction_id, step)"
      " where p.order_id = s.order_id";

constexpr std::string_view journal_sql
    = "insert into payment_journal (position, order_id, attempt, step, kind, events)"
      " select position, order_id, attempt, step, kind, events::json"
      " from unnest($1::bigint[], $2::text[], $3::integer[], $4::integer[], $5::text[],"
      "  $6::text[]) as t(position, order_id, attempt, step, kind, events)"
      " returning position, (extract(epoch from at) * 1000000)::bigint";

struct attempt_columns {
  std::vector<std::string> orders, keys, statuses, refunds, transactions, reasons, traces;
  std::vector<int32_t> numbers, tried;
  std::vector<cents> amounts;
  std::vector<std::optional<int64_t>> due;

  void add(const payment_plan::attempt_change& c) {
    orders.push_back(c.now.order_id);
    numbers.push_back(c.now.attempt);
    keys.push_back(charge_key(c.now.order_id, c.now.attempt));
    amounts.push_back(c.now.amount);
    statuses.emplace_back(to_string(c.now.status));
    refunds.emplace_back(to_string(c.now.refund));
    transactions.push_back(c.now.transaction_id);
    reasons.push_back(c.now.reason);
    traces.push_back(c.traceparent);
    due.push_back(c.due ? std::optional<int64_t>(c.due->count()) : std::nullopt);
    tried.push_back(c.tried ? 1 : 0);
  }
};

void add_attempts(std::vector<statement>& to, const payment_plan& plan, int64_t incarnation) {
  attempt_columns fresh, known;
  for (const auto& change : plan.attempts)
    (change.insert ? fresh : known).add(change);
  if (!fresh.orders.empty())
    to.push_back(
        {new_attempts_sql,
         {fresh.orders, fresh.numbers, fresh.keys, fresh.amounts, fresh.statuses, fresh.refunds,
          fresh.transactions, fresh.reasons, fresh.traces, fresh.due, incarnation}});
  if (!known.orders.empty())
    to.push_back({old_attempts_sql,
                  {known.orders, known.numbers, known.statuses, known.refunds, known.transactions,
                   known.reasons, known.traces, known.due, known.tried}});
}

statement payments_write(const payment_plan& plan) {
  std::vector<std::string> orders, statuses, transactions;
  std::vector<cents> amounts;
  std::vector<int32_t> steps;
  for (const auto& p : plan.payments) {
    orders.push_back(p.order_id);
    amounts.push_back(p.amount);
    statuses.emplace_back(to_string(p.status));
    transactions.push_back(p.transaction_id);
    steps.push_back(p.step);
  }
  return {payments_sql, {orders, amounts, statuses, transactions, steps}};
}

statement journal_write(const payment_plan& plan) {
  std::vector<int64_t> positions;
  std::vector<std::string> orders, kinds, events;
  std::vector<int32_t> attempts, steps;
  for (const auto& row : plan.journal) {
    positions.push_back(row.at);
    orders.push_back(row.order_id);
    attempts.push_back(row.attempt);
    steps.push_back(row.step);
    kinds.emplace_back(row.kind);
    events.push_back(encode_events(row.events));
  }
  return {journal_sql, {positions, orders, attempts, steps, kinds, events}};
}

} // namespace

payment_attempt read_attempt(const result& rows, int row) {
  const auto status = attempt_status_from(rows.view(row, 3));
  const auto refund = refund_status_from(rows.view(row, 4));
  if (!status || !refund)
    throw error(store_failure::failed, "payment_attempts holds an unknown status");
  payment_attempt a;
  a.order_id = rows.text(row, 0);
  a.attempt = rows.small(row, 1);
  a.amount = rows.integer(row, 2);
  a.status = *status;
  a.refund = *refund;
  a.transaction_id = rows.text(row, 5);
  a.reason = rows.text(row, 6);
  a.step = rows.small(row, 7);
  return a;
}

payment_view lock_payments(connection& on, std::span<const payment_write> steps,
                           const id_source& ids) {
  std::set<std::string> orders;
  std::vector<std::string> new_ids, new_orders;
  std::vector<cents> amounts;
  for (const auto& step : steps) {
    orders.insert(step.attempt.order_id);
    if (step.what != payment_write::kind::begin)
      continue;
    new_ids.push_back(ids());
    new_orders.push_back(step.attempt.order_id);
    amounts.push_back(step.attempt.amount);
  }
  const std::vector<std::string> all(orders.begin(), orders.end());
  const std::vector<statement> reads
      = {{ensure_sql, {new_ids, new_orders, amounts}}, {lock_sql, {all}}, {attempts_sql, {all}}};
  const auto rows = on.pipeline(reads);
  payment_view view;
  for (int i = 0; i < rows[1].rows(); ++i)
    view[rows[1].text(i, 0)].step = rows[1].small(i, 1);
  for (int i = 0; i < rows[2].rows(); ++i) {
    auto attempt = read_attempt(rows[2], i);
    auto& file = view[attempt.order_id];
    file.traceparents[attempt.attempt] = rows[2].text(i, 8);
    file.attempts.emplace(attempt.attempt, std::move(attempt));
  }
  return view;
}

std::map<position, timestamp> write_payments(connection& on, const payment_plan& plan,
                                             int64_t incarnation) {
  std::vector<statement> writes;
  add_attempts(writes, plan, incarnation);
  if (!plan.payments.empty())
    writes.push_back(payments_write(plan));
  if (!plan.journal.empty())
    writes.push_back(journal_write(plan));
  const auto results = on.write(writes);
  std::map<position, timestamp> times;
  if (!plan.journal.empty())
    for (int i = 0; i < results.back().rows(); ++i)
      times.emplace(results.back().integer(i, 0), results.back().time(i, 1));
  return times;
}

} // namespace troupe::pg
