#pragma once
// A session that writes one journal: it owns a stream (the session's advisory lock), gives its
// positions, and reads the journal table as an outbox. One implementation for every service; what
// differs is the journal's SQL. Internal to persistence/. One thread at a time.
// Source: "Streams and fencing" in docs/protocols.md.

#include "persistence/pg.hpp"
#include "persistence/stream_log.hpp"

#include <set>

namespace troupe::pg {

/// A service's journal table in two statements. Each returns
///   position bigint, sequence int (`ce_sequence`), microseconds of the row's time as bigint,
///   events json as text
/// in this order, by position.
struct journal_table {
  service from = service::order;
  std::string_view page;  ///< rows with position > $1::bigint and < $2::bigint, at most $3::int
  std::string_view found; ///< rows whose position is any of $1::bigint[]
};

class stream_session : public stream_log {
public:
  stream_session(std::string conninfo, int64_t incarnation, journal_table journal,
                 session_options options = {});

  /// Connects and registers a new stream, unless the session is up; true: it did. One that the
  /// server has ended since its last use counts as gone. Throws `wait`, or `fenced` when the
  /// incarnation is fenced or unknown.
  bool connect();
  bool connected() const;
  /// Throws `lost` when not connected.
  connection& db();
  int64_t incarnation() const { return incarnation_; }

  /// The place of the next journal row. Call right before the statement is sent, so that the
  /// order of positions is the order of commits.
  position next_position();

  /// After a reconnect: makes certain that no earlier session of this object will commit anything
  /// any more. What `found` then says of their positions is final.
  void settle_earlier();
  /// The journal rows at these positions, of any stream.
  struct row {
    position at = 0;
    timestamp time{};
    std::vector<outgoing_event> events;
  };
  std::vector<row> found(const std::vector<position>& positions);

  int64_t stream() const override { return stream_; }
  std::vector<int64_t> orphans() override;
  bool take(int64_t stream) override;
  position watermark(int64_t stream) override;
  void advance(int64_t stream, position to) override;
  event_page read(int64_t stream, position after, int rows) override;
  void mark_drained(int64_t stream) override;

private:
  std::vector<row> rows_of(const result& from) const;

  std::string conninfo_;
  int64_t incarnation_;
  journal_table journal_;
  session_options options_;
  std::optional<connection> up_;
  int64_t stream_ = 0;
  int64_t counter_ = 0;
  std::set<int64_t> earlier_; ///< streams of this object's lost sessions, not drained
  std::set<int64_t> taken_;   ///< whose lock the present session holds
};

/// The outgoing events of one journal row.
std::vector<outgoing_event> outgoing(service from, position at, int32_t sequence, timestamp time,
                                     std::string_view events_json);

/// Ends the session that opened `stream`, if it is still there, and takes the stream's lock on
/// `on`. False: another session holds it to drain it; the one that opened it is gone then too.
/// Throws `wait` when the session does not end within 5 s.
bool take_stream(connection& on, int64_t stream);

} // namespace troupe::pg
