#include "persistence/membership.hpp"

#include "persistence/pg.hpp"
#include "persistence/stream_session.hpp"
#include "telemetry/log.hpp"

namespace troupe {

namespace {

// PostgreSQL's clock is the only clock between nodes.
constexpr std::string_view begin_sql
    = "insert into incarnations (name, endpoint, lease_until)"
      " values ($1, $2, clock_timestamp() + interval '3 seconds') returning incarnation";

// Waits for streams that are being registered right now: they are seen below.
constexpr std::string_view fence_predecessors_sql
    = "update incarnations set fenced = true"
      " where name = $1 and incarnation < $2::bigint and not fenced";

constexpr std::string_view streams_of_name_sql
    = "select stream from streams join incarnations using (incarnation)"
      " where fenced and not drained and name = $1 order by stream";

constexpr std::string_view join_sql = "insert into incarnations (incarnation) values ($1::bigint)"
                                      " on conflict do nothing";

// Those that are not known here yet, too: a fenced process that joins late must find itself out.
constexpr std::string_view fence_here_sql
    = "insert into incarnations as i (incarnation, fenced) select unnest($1::bigint[]), true"
      " on conflict (incarnation) do update set fenced = true where not i.fenced";

constexpr std::string_view fenced_streams_sql
    = "select stream from streams join incarnations using (incarnation)"
      " where fenced and not drained order by stream";

constexpr std::string_view fenced_sql
    = "select incarnation from incarnations where fenced order by incarnation";

constexpr std::string_view claim_sql
    = "update shards set owner = $1::bigint, epoch = epoch + 1 where owner is null"
      " or owner in (select incarnation from incarnations where fenced)";

constexpr std::string_view owned_sql = "select count(*) from shards where owner = $1::bigint";

constexpr std::string_view release_sql = "update shards set owner = null where owner = $1::bigint";

constexpr std::string_view end_sql
    = "update incarnations set fenced = true where incarnation = $1::bigint";

/// Ends whoever still writes these streams. Their locks go back when `on` closes: what matters is
/// that they were free once.
void end_writers(pg::connection& on, const pg::result& streams) {
  for (int i = 0; i < streams.rows(); ++i)
    pg::take_stream(on, streams.integer(i, 0));
}

} // namespace

int64_t begin_incarnation(const std::string& orders_conninfo, const std::string& name,
                          const std::string& endpoint) {
  pg::connection on(orders_conninfo);
  const auto incarnation = on.exec(begin_sql, {name, endpoint}).integer(0, 0);
  const auto fenced = on.exec(fence_predecessors_sql, {name, incarnation}).affected();
  end_writers(on, on.exec(streams_of_name_sql, {name}));
  log::info("node.incarnation",
            {{"name", name}, {"incarnation", incarnation}, {"predecessors_fenced", fenced}});
  return incarnation;
}

void join_database(const std::string& conninfo, int64_t incarnation,
                   std::span<const int64_t> fenced) {
  pg::connection on(conninfo);
  on.exec(fence_here_sql, {std::vector<int64_t>(fenced.begin(), fenced.end())});
  on.exec(join_sql, {incarnation});
  end_writers(on, on.exec(fenced_streams_sql));
}

std::vector<int64_t> fenced_incarnations(const std::string& orders_conninfo) {
  pg::connection on(orders_conninfo);
  const auto rows = on.exec(fenced_sql);
  std::vector<int64_t> all;
  all.reserve(static_cast<std::size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i)
    all.push_back(rows.integer(i, 0));
  return all;
}

int claim_shards(const std::string& orders_conninfo, int64_t incarnation) {
  pg::connection on(orders_conninfo);
  on.exec(claim_sql, {incarnation});
  return on.exec(owned_sql, {incarnation}).small(0, 0);
}

void end_incarnation(const std::string& orders_conninfo, int64_t incarnation) {
  pg::connection on(orders_conninfo);
  const std::vector<pg::statement> all = {{release_sql, {incarnation}}, {end_sql, {incarnation}}};
  on.pipeline(all);
}

} // namespace troupe
