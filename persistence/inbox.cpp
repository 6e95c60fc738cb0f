#include "persistence/inbox.hpp"

#include "persistence/parked_rows.hpp"
#include "persistence/pg.hpp"

namespace troupe {

namespace {

constexpr std::string_view bury_sql
    = "insert into dead_letters (consumer, topic, partition, record_offset, ce_source, ce_id, key,"
      " value, tombstone, traceparent, order_id, error)"
      " select consumer, topic, partition, record_offset, source, id, key, value, tombstone, trace,"
      "   nullif(order_id, ''), error"
      " from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[],"
      "   $7::bytea[], $8::bytea[], $9::bool[], $10::text[], $11::text[], $12::text[])"
      " as t(consumer, topic, partition, record_offset, source, id, key, value, tombstone, trace,"
      "   order_id, error)"
      " on conflict do nothing";

constexpr std::string_view park_sql
    = "insert into parked_events (order_id, topic, partition, record_offset, ce_source, ce_id, key,"
      " value, tombstone, traceparent)"
      " select * from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[],"
      "   $6::text[], $7::text[], $8::bytea[], $9::bool[], $10::text[])"
      " on conflict do nothing";

constexpr std::string_view parked_sql
    = "select id, order_id, topic, partition, record_offset, ce_source, ce_id, key, value,"
      " tombstone, traceparent from parked_events where id > $1::bigint order by id limit $2::int";

constexpr std::string_view unpark_sql = "delete from parked_events where id = any($1::bigint[])";

constexpr std::string_view count_dead_sql
    = "select count(*) filter (where replayed_at is null and discarded_at is null),"
      " count(*) filter (where replayed_at is not null),"
      " count(*) filter (where discarded_at is not null) from dead_letters";

/// The columns of records, as arrays.
struct records {
  std::vector<std::string> topic, source, id, trace;
  std::vector<int> partition;
  std::vector<int64_t> offset;
  std::vector<pg::bytes> key, value;
  std::vector<bool> tombstone;

  void add(const incoming_event& e) {
    topic.push_back(pg::printable(e.topic));
    source.push_back(pg::printable(e.source));
    id.push_back(pg::printable(e.id));
    trace.push_back(pg::printable(e.traceparent));
    partition.push_back(e.partition);
    offset.push_back(e.offset);
    key.push_back({e.key});
    value.push_back({e.value});
    tombstone.push_back(e.tombstone);
  }
};

class pg_inbox : public inbox {
public:
  explicit pg_inbox(std::string conninfo) : up_(std::move(conninfo)) {}

  int bury(const std::vector<dead_letter>& letters) override;
  void park(const std::vector<parked_event>& events) override;
  std::vector<parked_event> parked(int64_t after, int limit) override;
  void unpark(const std::vector<int64_t>& ids) override { run({unpark_sql, {ids}}); }
  int64_t count_parked() override {
    return run({"select count(*) from parked_events", {}}).integer(0, 0);
  }
  dead_letter_counts count_dead() override {
    const auto row = run({count_dead_sql, {}});
    return {row.integer(0, 0), row.integer(0, 1), row.integer(0, 2)};
  }
  void ping() override { run({"select 1", {}}); }

private:
  /// Everything here may run twice: the unique keys make the second time nothing.
  pg::result run(const pg::statement& what) {
    return up_.run([&](pg::connection& on) { return on.exec(what); });
  }

  pg::lazy_connection up_;
};

int pg_inbox::bury(const std::vector<dead_letter>& letters) {
  if (letters.empty())
    return 0;
  std::vector<std::string> consumer, order_id, error;
  records r;
  for (const auto& each : letters) {
    consumer.push_back(pg::printable(each.consumer));
    order_id.push_back(pg::printable(each.order_id));
    error.push_back(pg::printable(each.error));
    r.add(each.what);
  }
  const auto done = run({bury_sql,
                         {consumer, r.topic, r.partition, r.offset, r.source, r.id, r.key, r.value,
                          r.tombstone, r.trace, order_id, error}});
  return static_cast<int>(done.affected());
}

void pg_inbox::park(const std::vector<parked_event>& events) {
  if (events.empty())
    return;
  std::vector<std::string> order_id, key;
  records r;
  for (const auto& each : events) {
    order_id.push_back(each.order_id);
    key.push_back(pg::printable(each.what.key));
    r.add(each.what);
  }
  run({park_sql,
       {order_id, r.topic, r.partition, r.offset, r.source, r.id, key, r.value, r.tombstone,
        r.trace}});
}

std::vector<parked_event> pg_inbox::parked(int64_t after, int limit) {
  const auto rows = run({parked_sql, {after, limit}});
  std::vector<parked_event> all;
  for (int i = 0; i < rows.rows(); ++i) {
    parked_event one{rows.integer(i, 0), rows.text(i, 1), {}};
    one.what = {.topic = rows.text(i, 2),
                .partition = rows.small(i, 3),
                .offset = rows.integer(i, 4),
                .key = rows.text(i, 7),
                .value = rows.raw_bytes(i, 8),
                .tombstone = rows.boolean(i, 9),
                .id = rows.text(i, 6),
                .source = rows.text(i, 5),
                .traceparent = rows.text(i, 10)};
    all.push_back(std::move(one));
  }
  return all;
}

} // namespace

std::unique_ptr<inbox> make_inbox(std::string conninfo) {
  return std::make_unique<pg_inbox>(std::move(conninfo));
}

} // namespace troupe
