#include "persistence/membership.hpp"

#include "domain/membership.hpp"
#include "persistence/pg.hpp"
#include "persistence/stream_session.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

namespace troupe {

namespace {

// PostgreSQL's clock is the only clock between nodes. Who starts owns nothing that anybody waits
// for, and has much to do before the first renewal, which makes the lease a short one.
constexpr std::string_view begin_sql
    = "insert into incarnations (name, endpoint, lease_until)"
      " values ($1, $2, clock_timestamp() + interval '30 seconds') returning incarnation";

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

// Fences that are marked but not carried out: some stream of theirs may still be written.
#define TROUPE_UNFINISHED                                                                          \
  "select s.incarnation from streams s join incarnations i using (incarnation)"                    \
  " where i.fenced and not s.drained and s.closed is null"

constexpr std::string_view unfinished_streams_sql
    = "select stream from streams join incarnations using (incarnation)"
      " where fenced and not drained and closed is null order by stream";

#define TROUPE_FREE                                                                                \
  "(owner is null or owner in (select incarnation from incarnations where fenced"                  \
  " except " TROUPE_UNFINISHED "))"

constexpr std::string_view renew_sql
    = "update incarnations set lease_until = clock_timestamp() + make_interval(secs => $2::int)"
      " where incarnation = $1::bigint and not fenced";

constexpr std::string_view look_sql
    = "select count(*) filter (where owner = $1::bigint), count(*) filter (where " TROUPE_FREE "),"
      " (select count(*) from incarnations where fenced), exists (" TROUPE_UNFINISHED ")"
      " from shards";

constexpr std::string_view expired_sql
    = "select incarnation from incarnations where not fenced and incarnation <> $1::bigint"
      " and lease_until < clock_timestamp() order by incarnation";

constexpr std::string_view fence_sql
    = "update incarnations set fenced = true where incarnation = $1::bigint and not fenced"
      " and lease_until < clock_timestamp()";

// The lock on the own row makes a fence of this incarnation wait, or this wait for the fence.
constexpr std::string_view claim_sql
    = "update shards set owner = m.incarnation, epoch = epoch + 1 from (select incarnation"
      "   from incarnations where incarnation = $1::bigint and not fenced for share) m"
      " where " TROUPE_FREE;

constexpr std::string_view owned_sql = "select count(*) from shards where owner = $1::bigint";

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
  fail_point("fence.marked");
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
  fail_point("fence.here_marked");
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

void complete_fences(const std::string& orders_conninfo) {
  pg::connection on(orders_conninfo);
  end_writers(on, on.exec(unfinished_streams_sql));
}

void end_incarnation(const std::string& orders_conninfo, int64_t incarnation) {
  pg::connection on(orders_conninfo);
  on.exec(end_sql, {incarnation});
}

namespace {

class pg_membership : public membership {
public:
  pg_membership(std::string conninfo, int64_t incarnation)
      : up_(std::move(conninfo), patience), incarnation_(incarnation) {}

  membership_view renew() override;
  bool fence(int64_t incarnation) override;
  int claim() override;

private:
  // A renewal that takes longer than the lease is no renewal.
  static constexpr pg::session_options patience{.lock_timeout = std::chrono::seconds(1),
                                                .statement_timeout = std::chrono::seconds(2),
                                                .answer_timeout = lease_length};

  pg::lazy_connection up_;
  int64_t incarnation_;
};

membership_view pg_membership::renew() {
  const auto answers = up_.run([this](pg::connection& on) {
    return on.pipeline(std::vector<pg::statement>{
        {renew_sql, {incarnation_, static_cast<int>(lease_length.count())}},
        {look_sql, {incarnation_}},
        {expired_sql, {incarnation_}}});
  });
  membership_view seen;
  seen.fenced = answers[0].affected() == 0;
  seen.shards_owned = answers[1].small(0, 0);
  seen.shards_free = answers[1].small(0, 1);
  seen.fences = answers[1].integer(0, 2);
  seen.unfinished = answers[1].boolean(0, 3);
  for (int i = 0; i < answers[2].rows(); ++i)
    seen.expired.push_back(answers[2].integer(i, 0));
  return seen;
}

bool pg_membership::fence(int64_t incarnation) {
  return up_.run([&](pg::connection& on) { return on.exec(fence_sql, {incarnation}).affected(); })
         > 0;
}

int pg_membership::claim() {
  return up_.run([this](pg::connection& on) {
    on.exec(claim_sql, {incarnation_});
    return on.exec(owned_sql, {incarnation_}).small(0, 0);
  });
}

} // namespace

std::unique_ptr<membership> make_membership(std::string orders_conninfo, int64_t incarnation) {
  return std::make_unique<pg_membership>(std::move(orders_conninfo), incarnation);
}

} // namespace troupe
