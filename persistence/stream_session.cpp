#include "persistence/stream_session.hpp"

#include <algorithm>
#include <thread>

namespace troupe::pg {

namespace {

// One statement, so one transaction: whoever sees the stream's row sees its lock held. FOR SHARE
// makes a fence wait for it, and it wait for a fence.
constexpr std::string_view register_sql
    = "with opened as ("
      "  insert into streams (incarnation)"
      "  select incarnation from incarnations where incarnation = $1::bigint and not fenced"
      "  for share returning stream)"
      " select stream, pg_advisory_lock(stream) from opened";

constexpr std::string_view try_lock_sql = "select pg_try_advisory_lock($1::bigint)";
// For the audit: what is committed in the stream from now on is a broken promise.
constexpr std::string_view close_sql
    = "update streams set closed = pg_current_snapshot(), closed_at = clock_timestamp()"
      " where stream = $1::bigint and closed is null";

constexpr std::string_view unlock_sql = "select pg_advisory_unlock($1::bigint)";

// Only the session that opened the stream is ended: another holder is draining it.
constexpr std::string_view end_writer_sql
    = "select l.pid = s.backend, case when l.pid = s.backend then pg_terminate_backend(l.pid) end"
      " from pg_locks l join streams s on s.stream = $1::bigint"
      " where l.locktype = 'advisory' and l.granted and l.objsubid = 1"
      " and l.database = (select oid from pg_database where datname = current_database())"
      " and l.classid::bigint = s.stream >> 32 and l.objid::bigint = s.stream & 4294967295";

// Its own incarnation's too when nobody holds them: their store was restarted and forgot them.
constexpr std::string_view orphans_sql
    = "select s.stream from streams s join incarnations i using (incarnation)"
      " where not s.drained and s.stream <> $1::bigint"
      " and (i.fenced or s.stream = any($2::bigint[])"
      "   or (s.incarnation = $3::bigint and not exists ("
      "     select from pg_locks l where l.locktype = 'advisory' and l.objsubid = 1"
      "     and l.database = (select oid from pg_database where datname = current_database())"
      "     and l.classid::bigint = s.stream >> 32 and l.objid::bigint = s.stream & 4294967295)))"
      " order by s.stream";

constexpr std::string_view watermark_sql
    = "select position from watermarks where stream = $1::bigint";

constexpr std::string_view advance_sql
    = "insert into watermarks (stream, position) values ($1::bigint, $2::bigint)"
      " on conflict (stream) do update set position = excluded.position,"
      " updated_at = clock_timestamp() where watermarks.position < excluded.position";

constexpr std::string_view drained_sql
    = "update streams set drained = true where stream = $1::bigint";

constexpr auto patience = std::chrono::seconds(5);

} // namespace

stream_session::stream_session(std::string conninfo, int64_t incarnation, journal_table journal,
                               session_options options)
    : conninfo_(std::move(conninfo)),
      incarnation_(incarnation),
      journal_(journal),
      options_(options) {}

bool stream_session::connected() const {
  return up_ && up_->alive();
}

connection& stream_session::db() {
  if (!connected())
    throw error(store_failure::lost, "not connected");
  return *up_;
}

bool stream_session::connect() {
  // Ended while it was idle: nothing is under way in it, so its end costs nobody an answer.
  if (up_ && up_->still_there())
    return false;
  up_.reset();
  if (stream_ != 0)
    earlier_.insert(stream_);
  stream_ = 0;
  taken_.clear();
  connection fresh(conninfo_, options_);
  try {
    auto opened = fresh.exec(register_sql, {incarnation_});
    if (opened.rows() == 0)
      throw error(store_failure::fenced,
                  "incarnation " + std::to_string(incarnation_) + " is fenced");
    stream_ = opened.integer(0, 0);
  } catch (const error& e) {
    // Nothing was being committed that anybody waits for.
    if (e.kind == store_failure::lost)
      throw error(store_failure::wait, e.what(), e.sqlstate());
    throw;
  }
  counter_ = 0;
  up_.emplace(std::move(fresh));
  return true;
}

position stream_session::next_position() {
  return make_position(stream_, ++counter_);
}

void stream_session::settle_earlier() {
  for (auto stream : std::set(earlier_))
    take(stream);
}

std::vector<stream_session::row> stream_session::rows_of(const result& from) const {
  std::vector<row> all;
  all.reserve(static_cast<std::size_t>(from.rows()));
  for (int i = 0; i < from.rows(); ++i) {
    row one{from.integer(i, 0), from.time(i, 2), {}};
    one.events = outgoing(journal_.from, one.at, from.small(i, 1), one.time, from.view(i, 3));
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<stream_session::row> stream_session::found(const std::vector<position>& positions) {
  return rows_of(db().exec(journal_.found, {positions}));
}

std::vector<int64_t> stream_session::orphans() {
  auto rows = db().exec(
      orphans_sql, {stream_, std::vector<int64_t>(earlier_.begin(), earlier_.end()), incarnation_});
  std::vector<int64_t> all;
  all.reserve(static_cast<std::size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i)
    all.push_back(rows.integer(i, 0));
  return all;
}

bool stream_session::take(int64_t stream) {
  if (stream == stream_)
    throw error(store_failure::failed, "a session cannot take its own stream");
  if (taken_.contains(stream))
    return true;
  if (!take_stream(db(), stream))
    return false;
  taken_.insert(stream);
  return true;
}

position stream_session::watermark(int64_t stream) {
  auto rows = db().exec(watermark_sql, {stream});
  return rows.rows() > 0 ? rows.integer(0, 0) : make_position(stream, 0);
}

void stream_session::advance(int64_t stream, position to) {
  db().exec(advance_sql, {stream, to});
}

event_page stream_session::read(int64_t stream, position after, int rows) {
  const auto from = std::max(after, make_position(stream, 0));
  auto found = rows_of(db().exec(journal_.page, {from, make_position(stream + 1, 0), rows}));
  event_page page;
  page.last = found.empty() ? from : found.back().at;
  page.end = found.size() < static_cast<std::size_t>(rows);
  for (auto& each : found)
    std::move(each.events.begin(), each.events.end(), std::back_inserter(page.events));
  return page;
}

void stream_session::mark_drained(int64_t stream) {
  db().exec(drained_sql, {stream});
  earlier_.erase(stream);
  if (taken_.erase(stream) > 0)
    db().exec(unlock_sql, {stream});
}

std::vector<outgoing_event> outgoing(service from, position at, int32_t sequence, timestamp time,
                                     std::string_view events_json) {
  std::vector<outgoing_event> all;
  try {
    for (auto& each : decode_events(events_json))
      all.push_back({from, at, static_cast<int32_t>(all.size()), sequence, time, std::move(each)});
  } catch (const std::invalid_argument&) {
    throw error(store_failure::failed,
                "journal row " + std::to_string(at) + " holds no readable events");
  }
  return all;
}

bool take_stream(connection& on, int64_t stream) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (on.exec(try_lock_sql, {stream}).boolean(0, 0)) {
      on.exec(close_sql, {stream});
      return true;
    }
    auto holder = on.exec(end_writer_sql, {stream});
    if (holder.rows() > 0 && !holder.boolean(0, 0))
      return false;
    if (std::chrono::steady_clock::now() > deadline)
      throw error(store_failure::wait,
                  "the session of stream " + std::to_string(stream) + " does not end");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

} // namespace troupe::pg
