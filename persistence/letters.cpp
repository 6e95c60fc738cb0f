#include "persistence/letters.hpp"

#include "persistence/pg.hpp"

#include <cstdint>
#include <limits>

namespace troupe {

namespace {

#define TROUPE_OPEN "replayed_at is null and discarded_at is null"

#define TROUPE_DEAD_COLUMNS                                                                        \
  "id, consumer, topic, partition, record_offset, ce_source, ce_id, key, value, tombstone,"        \
  " traceparent, coalesce(order_id, '') as order_id, error, created_at,"                           \
  " replayed_at is not null as replayed"

// $1 is the consumer.
#define TROUPE_PARKED_COLUMNS                                                                      \
  "id, $1::text as consumer, topic, partition, record_offset, ce_source, ce_id,"                   \
  " convert_to(key, 'UTF8') as key, value, tombstone, traceparent, order_id,"                      \
  " 'waits for its order' as error, created_at, false as replayed"

#define TROUPE_SHOWN                                                                               \
  "id, consumer, topic, partition, record_offset, ce_source, ce_id, key, value, tombstone,"        \
  " traceparent, order_id, error, (extract(epoch from created_at) * 1000000)::bigint, replayed"

// One row more than asked for says that there are more; so does a row that the bytes before it
// keep out.
#define TROUPE_PAGE(columns, table, condition)                                                     \
  "select " TROUPE_SHOWN ", found from ("                                                          \
  " select *, count(*) over () as found, sum(octet_length(value)) over ("                          \
  "   order by created_at desc, id desc rows between unbounded preceding and 1 preceding) as sent" \
  " from (select " columns " from " table " where " condition                                      \
  "  and (created_at, id) < (coalesce(timestamptz 'epoch' + $2::bigint"                            \
  "   * interval '1 microsecond', 'infinity'), $3::bigint)"                                        \
  "  order by created_at desc, id desc limit $4::integer + 1) newest) page"                        \
  " where coalesce(sent, 0) < $5::bigint order by created_at desc, id desc limit $4::integer"

constexpr std::string_view dead_page_sql
    = TROUPE_PAGE(TROUPE_DEAD_COLUMNS, "dead_letters", "$1::text is not null and " TROUPE_OPEN);
constexpr std::string_view parked_page_sql
    = TROUPE_PAGE(TROUPE_PARKED_COLUMNS, "parked_events", "true");

#undef TROUPE_PAGE

constexpr std::string_view find_dead_sql
    = "select " TROUPE_SHOWN " from (select " TROUPE_DEAD_COLUMNS " from dead_letters"
      " where $1::text is not null and id = $2::bigint and discarded_at is null) found";
constexpr std::string_view find_parked_sql
    = "select " TROUPE_SHOWN " from (select " TROUPE_PARKED_COLUMNS " from parked_events"
      " where id = $2::bigint) found";

#undef TROUPE_SHOWN
#undef TROUPE_PARKED_COLUMNS
#undef TROUPE_DEAD_COLUMNS

constexpr std::string_view mark_sql
    = "update dead_letters set replayed_at = clock_timestamp(), settled_by = $2::text"
      " where id = $1::bigint and " TROUPE_OPEN;
constexpr std::string_view unpark_one_sql = "delete from parked_events where id = $1::bigint";

constexpr std::string_view discard_sql
    = "with settled as (update dead_letters set discarded_at = clock_timestamp(),"
      "  settled_by = $2::text where id = $1::bigint and " TROUPE_OPEN ")"
      " select 1 from dead_letters where id = $1::bigint";

// The same record may be a dead letter already, when it could not be taken out of the parked ones.
constexpr std::string_view discard_parked_sql
    = "with gone as (delete from parked_events where id = $1::bigint returning *)"
      " insert into dead_letters as d (consumer, topic, partition, record_offset, ce_source, ce_id,"
      "  key, value, tombstone, traceparent, order_id, error, created_at, discarded_at, settled_by)"
      " select $3::text, topic, partition, record_offset, ce_source, ce_id,"
      "  convert_to(key, 'UTF8'), value, tombstone, traceparent, order_id,"
      "  'discarded while it waited for its order', created_at, clock_timestamp(), $2::text"
      " from gone on conflict (consumer, topic, partition, record_offset, digest) do update"
      "  set discarded_at = coalesce(d.discarded_at, excluded.discarded_at),"
      "   settled_by = coalesce(d.settled_by, excluded.settled_by)"
      " returning 1";

#undef TROUPE_OPEN

// An expired key is replaced where it is met.
constexpr std::string_view take_key_sql
    = "insert into idempotency_keys (scope, body_hash, replay_error)"
      " values ($1::text, $2::text, $3::bytea) on conflict (scope) do update"
      " set body_hash = excluded.body_hash, replay_error = excluded.replay_error,"
      "  created_at = clock_timestamp()"
      " where idempotency_keys.created_at <= clock_timestamp() - $4::bigint * interval '1 second'";

constexpr std::string_view used_key_sql
    = "select body_hash, replay_error from idempotency_keys where scope = $1::text"
      " and created_at > clock_timestamp() - $2::bigint * interval '1 second'";

class pg_letters : public letters {
public:
  pg_letters(std::string conninfo, service of, std::string consumer, std::chrono::seconds key_life)
      : up_(std::move(conninfo)),
        of_(of),
        consumer_(std::move(consumer)),
        key_life_(key_life.count()) {}

  letter_page list(letter_state state, int limit,
                   const std::optional<letter_place>& after) override;
  std::optional<letter> find(const letter_id& id) override;
  std::optional<earlier_replay> earlier(const idempotency& key) override;
  std::optional<earlier_replay> settle(const letter_id& id, const replay_outcome& outcome,
                                       const std::string& by,
                                       const std::optional<idempotency>& key) override;
  bool discard(const letter_id& id, const std::string& by) override;

private:
  /// Everything here may run twice: the second time finds nothing left to do.
  pg::result run(const pg::statement& what) {
    return up_.run([&](pg::connection& on) { return on.exec(what); });
  }
  letter read(letter_state state, const pg::result& rows, int i) const;
  int64_t number_behind(const letter_place& after) const;

  pg::lazy_connection up_;
  service of_;
  std::string consumer_;
  int64_t key_life_; ///< seconds
};

letter pg_letters::read(letter_state state, const pg::result& rows, int i) const {
  letter l;
  l.id = {of_, state, rows.integer(i, 0)};
  l.consumer = rows.text(i, 1);
  l.what = {.topic = rows.text(i, 2),
            .partition = rows.small(i, 3),
            .offset = rows.integer(i, 4),
            .key = rows.raw_bytes(i, 7),
            .value = rows.raw_bytes(i, 8),
            .tombstone = rows.boolean(i, 9),
            .id = rows.text(i, 6),
            .source = rows.text(i, 5),
            .traceparent = rows.text(i, 10)};
  l.order_id = rows.text(i, 11);
  l.error = rows.text(i, 12);
  l.created_at = rows.time(i, 13);
  l.replayed = rows.boolean(i, 14);
  return l;
}

/// Of those that are as old as `after`, the ones with lower numbers are behind it.
int64_t pg_letters::number_behind(const letter_place& after) const {
  if (of_ == after.id.of)
    return after.id.number;
  return of_ < after.id.of ? 0 : std::numeric_limits<int64_t>::max();
}

letter_page pg_letters::list(letter_state state, int limit,
                             const std::optional<letter_place>& after) {
  std::optional<int64_t> since;
  if (after)
    since = after->created_at.time_since_epoch().count();
  const auto rows = run({state == letter_state::dead ? dead_page_sql : parked_page_sql,
                         {consumer_, since, after ? number_behind(*after) : int64_t{0}, limit,
                          int64_t{max_letter_page_bytes}}});
  letter_page page;
  for (int i = 0; i < rows.rows(); ++i)
    page.rows.push_back(read(state, rows, i));
  page.more = rows.rows() > 0 && rows.integer(0, 15) > rows.rows();
  return page;
}

std::optional<letter> pg_letters::find(const letter_id& id) {
  const auto rows = run(
      {id.state == letter_state::dead ? find_dead_sql : find_parked_sql, {consumer_, id.number}});
  if (rows.rows() == 0)
    return std::nullopt;
  return read(id.state, rows, 0);
}

std::optional<earlier_replay> pg_letters::earlier(const idempotency& key) {
  const auto rows = run({used_key_sql, {key.scope, key_life_}});
  if (rows.rows() == 0)
    return std::nullopt;
  const auto error = rows.raw_bytes(0, 1);
  return earlier_replay{rows.text(0, 0), {error.empty(), error}};
}

/// A key that turns out to be taken may also be this one, written just before the connection broke:
/// it has the same answer then.
std::optional<earlier_replay> pg_letters::settle(const letter_id& id, const replay_outcome& outcome,
                                                 const std::string& by,
                                                 const std::optional<idempotency>& key) {
  std::vector<pg::statement> all;
  if (outcome.applied && id.state == letter_state::dead)
    all.push_back({mark_sql, {id.number, by}});
  else if (outcome.applied)
    all.push_back({unpark_one_sql, {id.number}});
  if (key)
    all.push_back(
        {take_key_sql, {key->scope, key->body_hash, pg::bytes{outcome.error}, key_life_}});
  const auto results = up_.run([&](pg::connection& on) { return on.pipeline(all); });
  if (key && results.back().affected() == 0)
    return earlier(*key);
  return std::nullopt;
}

bool pg_letters::discard(const letter_id& id, const std::string& by) {
  if (id.state == letter_state::dead)
    return run({discard_sql, {id.number, by}}).rows() > 0;
  return run({discard_parked_sql, {id.number, by, consumer_}}).rows() > 0;
}

} // namespace

std::unique_ptr<letters> make_letters(std::string conninfo, service of, std::string consumer,
                                      std::chrono::seconds key_life) {
  return std::make_unique<pg_letters>(std::move(conninfo), of, std::move(consumer), key_life);
}

} // namespace troupe
