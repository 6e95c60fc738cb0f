#include "persistence/diagnosis_queries.hpp"

#include "persistence/payment_rows.hpp"
#include "persistence/pg.hpp"
#include "persistence/stock_plan.hpp"
#include "persistence/stream_session.hpp"

#include <iterator>
#include <utility>

namespace troupe {

namespace {

#define TROUPE_MICROS(time) "(extract(epoch from " time ") * 1000000)::bigint"

constexpr std::string_view order_sql
    = "select o.status, o.payment_status, o.version, o.attempt, o.rounds, o.stock_held,"
      " " TROUPE_MICROS("o.deadline_at") ","
                                         " coalesce(o.deadline_at <= statement_timestamp() or "
                                         "o.rounds > 0, false), o.shard,"
                                         " coalesce(i.name, ''), s.owner, s.epoch,"
                                         " coalesce(not i.fenced and i.lease_until > "
                                         "statement_timestamp(), false)"
                                         " from orders o join shards s on s.id = o.shard"
                                         " left join incarnations i on i.incarnation = s.owner "
                                         "where o.id = $1::text";

constexpr std::string_view payment_sql
    = "select id, status, coalesce(transaction_id, ''), amount, " TROUPE_MICROS(
        "created_at") ","
                      " " TROUPE_MICROS("updated_at") " from payments where order_id = $1::text";

constexpr std::string_view all_attempts_sql
    = "select " TROUPE_ATTEMPT_COLUMNS
      ", a.incarnation, a.tries, " TROUPE_MICROS("a.next_try_at") ", " TROUPE_MICROS(
          "a.created_at") ", " TROUPE_MICROS("a.updated_at") " from payment_attempts a join "
                                                             "payments p using (order_id) where "
                                                             "order_id = $1::text"
                                                             " order by attempt";

constexpr std::string_view stock_sql = "select state, step, lines, " TROUPE_MICROS(
    "created_at") ", " TROUPE_MICROS("updated_at") " from stock_orders where order_id = $1::text";

constexpr std::string_view available_sql
    = "select coalesce(p.stock, 0) from stock_orders o,"
      " json_array_elements(o.lines) with ordinality l(line, place)"
      " left join products p on p.id = l.line ->> 'productId'"
      " where o.order_id = $1::text order by l.place";

// The newest ones of a journal `table` whose rows of an order have the columns `sequence` and
// `time`. A drained stream's watermark may be gone, or stand where its last events were.
#define TROUPE_EVENTS(table, sequence, time)                                                       \
  "select * from (select j.position, j." sequence ", " TROUPE_MICROS(                              \
      "j." time) ", j.events::text,"                                                               \
                 " coalesce(s.drained or j.position <= w.position, false) from " table " j"        \
                 " left join streams s on s.stream = j.position >> 39"                             \
                 " left join watermarks w on w.stream = s.stream where j.order_id = $1::text"      \
                 " order by j." sequence " desc limit 200) newest order by " sequence

constexpr std::string_view order_events_sql
    = TROUPE_EVENTS("order_status_history", "version", "\"timestamp\"");
constexpr std::string_view payment_events_sql = TROUPE_EVENTS("payment_journal", "step", "at");
constexpr std::string_view stock_events_sql = TROUPE_EVENTS("stock_ledger", "step", "at");

constexpr std::string_view parked_events_sql
    = "select id, topic, partition, record_offset, ce_id, '', " TROUPE_MICROS(
        "created_at") " from parked_events where order_id = $1::text order by id limit 100";

constexpr std::string_view dead_sql
    = "select id, topic, partition, record_offset, ce_id, error, " TROUPE_MICROS(
        "created_at") " from dead_letters where order_id = $1::text and replayed_at is null"
                      " and discarded_at is null order by id limit 100";

std::optional<timestamp> time_or_none(const pg::result& rows, int row, int column) {
  return rows.null(row, column) ? std::nullopt : std::optional(rows.time(row, column));
}

/// A name that this version of the program does not know is the database's fault.
template <class T>
T known(std::optional<T> value) {
  if (!value)
    throw pg::error(store_failure::failed, "unknown status in the database");
  return *value;
}

order_facts read_order(const pg::result& rows) {
  order_facts o;
  o.status = known(order_status_from(rows.view(0, 0)));
  o.payment = known(payment_status_from(rows.view(0, 1)));
  o.version = rows.small(0, 2);
  o.attempt = rows.small(0, 3);
  o.rounds = rows.small(0, 4);
  o.stock_held = rows.boolean(0, 5);
  o.deadline = time_or_none(rows, 0, 6);
  o.overdue = rows.boolean(0, 7);
  o.shard = rows.small(0, 8);
  o.node = rows.text(0, 9);
  o.incarnation = rows.integer(0, 10);
  o.epoch = rows.integer(0, 11);
  o.served = rows.boolean(0, 12);
  return o;
}

payment_facts read_payment(const pg::result& rows, const pg::result& attempts) {
  payment_facts p;
  p.id = rows.text(0, 0);
  p.status = rows.text(0, 1);
  p.transaction_id = rows.text(0, 2);
  p.amount = rows.integer(0, 3);
  p.created_at = rows.time(0, 4);
  p.updated_at = rows.time(0, 5);
  for (int i = 0; i < attempts.rows(); ++i)
    p.attempts.push_back({pg::read_attempt(attempts, i), attempts.integer(i, 8),
                          attempts.small(i, 9), time_or_none(attempts, i, 10), attempts.time(i, 11),
                          attempts.time(i, 12)});
  return p;
}

stock_facts read_stock(const std::string& order_id, const pg::result& rows,
                       const pg::result& available) {
  stock_facts s;
  s.record.order_id = order_id;
  s.record.state = known(stock_state_from(rows.view(0, 0)));
  s.record.step = rows.small(0, 1);
  s.record.lines = decode_lines(rows.view(0, 2));
  s.created_at = rows.time(0, 3);
  s.updated_at = rows.time(0, 4);
  s.available.reserve(static_cast<size_t>(available.rows()));
  for (int i = 0; i < available.rows(); ++i)
    s.available.push_back(available.integer(i, 0));
  return s;
}

std::vector<told_event> read_events(service from, const pg::result& rows) {
  std::vector<told_event> all;
  for (int i = 0; i < rows.rows(); ++i)
    for (const auto& e :
         pg::outgoing(from, rows.integer(i, 0), rows.small(i, 1), rows.time(i, 2), rows.view(i, 3)))
      all.push_back({e.what.topic, event_id(e), e.at, e.sequence, e.time, rows.boolean(i, 4)});
  return all;
}

std::vector<kept_event> read_kept(const pg::result& rows) {
  std::vector<kept_event> all;
  all.reserve(static_cast<size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i)
    all.push_back({rows.integer(i, 0), rows.text(i, 1), rows.small(i, 2), rows.integer(i, 3),
                   rows.text(i, 4), rows.text(i, 5), rows.time(i, 6)});
  return all;
}

/// The statements of a service that every answer below begins with: parked, dead letters.
std::vector<pg::statement> statements_of(service whose, const std::string& id) {
  std::vector<std::string_view> texts{parked_events_sql, dead_sql};
  switch (whose) {
    case service::order:
      texts.insert(texts.end(), {order_events_sql, order_sql});
      break;
    case service::payment:
      texts.insert(texts.end(), {payment_events_sql, payment_sql, all_attempts_sql});
      break;
    case service::inventory:
      texts.insert(texts.end(), {stock_events_sql, stock_sql, available_sql});
      break;
    case service::emailing:
      break;
  }
  std::vector<pg::statement> all;
  all.reserve(texts.size());
  for (const auto text : texts)
    all.push_back({text, {id}});
  return all;
}

class pg_diagnosis_queries : public diagnosis_queries {
public:
  pg_diagnosis_queries(service whose, std::string conninfo)
      : whose_(whose),
        up_(std::move(conninfo), {.statement_timeout = std::chrono::seconds(2),
                                  .answer_timeout = std::chrono::seconds(3),
                                  .one_snapshot = true}) {}

  service_facts of(const std::string& order_id) override {
    const auto rows
        = up_.run([&](pg::connection& on) { return on.pipeline(statements_of(whose_, order_id)); });
    service_facts facts;
    facts.parked = read_kept(rows[0]);
    facts.dead_letters = read_kept(rows[1]);
    if (rows.size() == 2)
      return facts;
    facts.events = read_events(whose_, rows[2]);
    if (rows[3].rows() == 0)
      return facts;
    if (whose_ == service::order)
      facts.order = read_order(rows[3]);
    else if (whose_ == service::payment)
      facts.payment = read_payment(rows[3], rows[4]);
    else
      facts.stock = read_stock(order_id, rows[3], rows[4]);
    return facts;
  }

private:
  service whose_;
  pg::lazy_connection up_;
};

} // namespace

std::unique_ptr<diagnosis_queries> make_diagnosis_queries(service whose, std::string conninfo) {
  return std::make_unique<pg_diagnosis_queries>(whose, std::move(conninfo));
}

} // namespace troupe
