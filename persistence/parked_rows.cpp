#include "persistence/parked_rows.hpp"

namespace troupe::pg {

namespace {

constexpr std::string_view read_sql
    = "select id, order_id, ce_source, ce_id, topic, partition, record_offset, key, value,"
      " tombstone, traceparent"
      " from parked_events where order_id = any($1::text[]) order by id";

constexpr std::string_view add_sql
    = "insert into parked_events (order_id, ce_source, ce_id, topic, partition, record_offset,"
      " key, value, tombstone, traceparent)"
      " select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[],"
      " $6::bigint[], $7::text[], $8::bytea[], $9::boolean[], $10::text[])"
      " on conflict (ce_source, ce_id) do nothing";

constexpr std::string_view remove_sql = "delete from parked_events where id = any($1::bigint[])";

} // namespace

std::string printable(std::string_view bytes) {
  std::string text(bytes);
  for (char& c : text)
    if (c < ' ' || c > '~')
      c = '?';
  return text;
}

statement read_parked(const std::vector<std::string>& order_ids) {
  return {read_sql, {order_ids}};
}

std::map<std::string, std::vector<parked_event>> parked_by_order(const result& rows) {
  std::map<std::string, std::vector<parked_event>> all;
  for (int i = 0; i < rows.rows(); ++i) {
    parked_event e;
    e.id = rows.integer(i, 0);
    e.order_id = rows.text(i, 1);
    e.what.source = rows.text(i, 2);
    e.what.id = rows.text(i, 3);
    e.what.topic = rows.text(i, 4);
    e.what.partition = rows.small(i, 5);
    e.what.offset = rows.integer(i, 6);
    e.what.key = rows.text(i, 7);
    e.what.value = rows.raw_bytes(i, 8);
    e.what.tombstone = rows.boolean(i, 9);
    e.what.traceparent = rows.text(i, 10);
    all[e.order_id].push_back(std::move(e));
  }
  return all;
}

statement add_parked(const std::vector<parked_event>& events) {
  std::vector<std::string> orders, sources, ids, topics, keys, traces;
  std::vector<int32_t> partitions;
  std::vector<int64_t> offsets;
  std::vector<bytes> values;
  std::vector<bool> tombstones;
  for (const auto& e : events) {
    orders.push_back(e.order_id);
    sources.push_back(printable(e.what.source));
    ids.push_back(printable(e.what.id));
    topics.push_back(printable(e.what.topic));
    partitions.push_back(e.what.partition);
    offsets.push_back(e.what.offset);
    keys.push_back(printable(e.what.key));
    values.push_back({e.what.value});
    tombstones.push_back(e.what.tombstone);
    traces.push_back(printable(e.what.traceparent));
  }
  return {add_sql,
          {orders, sources, ids, topics, partitions, offsets, keys, values, tombstones, traces}};
}

statement remove_parked(const std::vector<int64_t>& ids) {
  return {remove_sql, {ids}};
}

} // namespace troupe::pg
