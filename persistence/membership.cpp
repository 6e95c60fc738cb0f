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
// The wait before it joins doubles with each start within a minute: 0, 2, 4, … 32 seconds.
constexpr std::string_view begin_sql
    = "insert into incarnations (name, endpoint, address, protocol, lease_until, joins_at)"
      " select $1, $2, $3, $4::int, clock_timestamp() + interval '30 seconds', clock_timestamp()"
      "   + case when count(*) = 0 then 0 else 2 ^ least(count(*), 5) end * interval '1 second'"
      " from incarnations where name = $1 and started_at > clock_timestamp() - interval '1 minute'"
      " returning incarnation";

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

constexpr std::string_view members_sql
    = "select incarnation, name, address, protocol, lease_until >= clock_timestamp(),"
      " joins_at <= clock_timestamp(), leaving"
      " from incarnations where not fenced order by incarnation";

constexpr std::string_view shards_sql
    = "select coalesce(owner, 0), epoch, " TROUPE_FREE " from shards order by id";

constexpr std::string_view fences_sql
    = "select count(*), exists (" TROUPE_UNFINISHED ") from incarnations where fenced";

constexpr std::string_view fence_sql
    = "update incarnations set fenced = true where incarnation = $1::bigint and not fenced"
      " and lease_until < clock_timestamp() + $2::bigint * interval '1 millisecond'";

// The lock on the row of the next owner makes a fence of it wait, or this wait for the fence.
constexpr std::string_view claim_sql
    = "update shards set owner = m.incarnation, epoch = epoch + 1 from (select incarnation"
      "   from incarnations where incarnation = $1::bigint and not fenced for share) m"
      " where id = any($2::int[]) and " TROUPE_FREE " returning id, epoch";

constexpr std::string_view give_sql
    = "update shards set owner = m.incarnation, epoch = epoch + 1 from (select incarnation"
      "   from incarnations where incarnation = $3::bigint and not fenced for share) m"
      " where id = $2::int and owner = $1::bigint returning epoch";

constexpr std::string_view leave_sql
    = "update incarnations set leaving = true where incarnation = $1::bigint";

constexpr std::string_view end_sql
    = "update incarnations set fenced = true where incarnation = $1::bigint";

/// Ends whoever still writes these streams. Their locks go back when `on` closes: what matters is
/// that they were free once.
void end_writers(pg::connection& on, const pg::result& streams) {
  for (int i = 0; i < streams.rows(); ++i)
    pg::take_stream(on, streams.integer(i, 0));
}

} // namespace

int64_t begin_incarnation(const std::string& orders_conninfo, const node_card& node) {
  pg::connection on(orders_conninfo);
  const auto incarnation
      = on.exec(begin_sql, {node.name, node.endpoint, node.address, cluster_protocol})
            .integer(0, 0);
  const auto fenced = on.exec(fence_predecessors_sql, {node.name, incarnation}).affected();
  fail_point("fence.marked");
  end_writers(on, on.exec(streams_of_name_sql, {node.name}));
  log::info("node.incarnation",
            {{"name", node.name}, {"incarnation", incarnation}, {"predecessors_fenced", fenced}});
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

cluster_view read_cluster(const pg::result& members, const pg::result& shards) {
  cluster_view seen;
  for (int i = 0; i < members.rows(); ++i)
    seen.members.push_back({members.integer(i, 0), std::string(members.view(i, 1)),
                            std::string(members.view(i, 2)), members.small(i, 3),
                            members.boolean(i, 4), members.boolean(i, 5), members.boolean(i, 6)});
  for (int i = 0; i < shards.rows(); ++i)
    seen.shards.at(static_cast<std::size_t>(i))
        = {{shards.integer(i, 0), shards.integer(i, 1)}, shards.boolean(i, 2)};
  return seen;
}

class pg_membership : public membership {
public:
  pg_membership(std::string conninfo, int64_t incarnation)
      : up_(std::move(conninfo), patience), incarnation_(incarnation) {}

  membership_view renew() override;
  bool fence(int64_t incarnation, std::chrono::milliseconds silence) override;
  std::vector<claimed> claim(std::span<const int32_t> shards) override;
  std::optional<int64_t> give(const shard_move& move) override;
  void leave() override;

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
        {members_sql, {}},
        {shards_sql, {}},
        {fences_sql, {}}});
  });
  membership_view seen;
  seen.fenced = answers[0].affected() == 0;
  seen.cluster = read_cluster(answers[1], answers[2]);
  seen.fences = answers[3].integer(0, 0);
  seen.unfinished = answers[3].boolean(0, 1);
  return seen;
}

bool pg_membership::fence(int64_t incarnation, std::chrono::milliseconds silence) {
  const int64_t left = (std::chrono::milliseconds(lease_length) - silence).count();
  return up_.run([&](pg::connection& on) {
    return on.exec(fence_sql, {incarnation, left}).affected();
  }) > 0;
}

std::vector<membership::claimed> pg_membership::claim(std::span<const int32_t> shards) {
  const auto taken = up_.run([&](pg::connection& on) {
    return on.exec(claim_sql, {incarnation_, std::vector<int64_t>(shards.begin(), shards.end())});
  });
  std::vector<claimed> all;
  all.reserve(shards.size());
  for (int i = 0; i < taken.rows(); ++i)
    all.push_back({taken.small(i, 0), taken.integer(i, 1)});
  return all;
}

std::optional<int64_t> pg_membership::give(const shard_move& move) {
  const auto given = up_.run([&](pg::connection& on) {
    return on.exec(give_sql, {incarnation_, move.shard, move.to});
  });
  return given.rows() == 0 ? std::nullopt : std::optional(given.integer(0, 0));
}

void pg_membership::leave() {
  up_.run([this](pg::connection& on) { return on.exec(leave_sql, {incarnation_}); });
}

} // namespace

std::unique_ptr<membership> make_membership(std::string orders_conninfo, int64_t incarnation) {
  return std::make_unique<pg_membership>(std::move(orders_conninfo), incarnation);
}

} // namespace troupe
