#pragma once
// A service's journal table and its sessions in memory: what the fakes of the stores share. Several
// sessions (one a store) write one journal, as workers do. Single-threaded. Time is a counter, so
// that a run from a seed repeats itself.

#include "persistence/store_error.hpp"
#include "persistence/stream_log.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>

namespace troupe::test {

struct fake_journal {
  struct row {
    int32_t step = 0;
    timestamp time{};
    std::vector<event> events;
  };
  struct stream {
    int64_t incarnation = 0; ///< that opened it
    bool held = false;       ///< a session has its lock
    bool writer = false;     ///< that session is the one that opened it
    bool drained = false;
    position watermark = 0;
  };

  std::map<position, row> rows;
  std::map<int64_t, stream> streams;
  std::set<int64_t> fenced; ///< incarnations
  timestamp now = timestamp(std::chrono::seconds(1'700'000'000));

  timestamp tick() { return now += std::chrono::milliseconds(1); }
  /// From now on this incarnation's sessions are over, and it can open no other.
  void fence(int64_t incarnation);
  /// Streams with events above their watermark.
  std::vector<int64_t> unpublished() const;
};

/// What the next call of a store meets.
enum class store_fault {
  none,
  wait,        ///< throws `wait`: nothing was written
  lost_before, ///< throws `lost`: nothing was written, and nobody knows
  lost_after   ///< throws `lost`: everything was written, and nobody knows
};

/// One session on a journal, with its own stream.
class fake_session : public stream_log {
public:
  fake_session(service from, std::shared_ptr<fake_journal> journal, int64_t incarnation = 0);
  ~fake_session() override;

  void connect();
  bool connected() const { return up_ && writes(); }
  /// The session breaks: its stream is an orphan.
  void drop();
  position next_position();
  fake_journal& journal() { return *journal_; }

  /// Faults of the calls to come, in turn; then none.
  std::deque<store_fault> faults;
  /// `connect` throws `wait` this many times.
  int refusals = 0;

  /// To be called at the start and at the end of a store's write.
  void before_write();
  void after_write();

  int64_t stream() const override { return stream_; }
  std::vector<int64_t> orphans() override;
  bool take(int64_t stream) override;
  position watermark(int64_t stream) override;
  void advance(int64_t stream, position to) override;
  event_page read(int64_t stream, position after, int rows) override;
  void mark_drained(int64_t stream) override;

private:
  void need_session();
  /// Nobody has taken its stream.
  bool writes() const;

  service from_;
  std::shared_ptr<fake_journal> journal_;
  int64_t incarnation_;
  bool up_ = false;
  int64_t stream_ = 0;
  int64_t counter_ = 0;
  store_fault present_ = store_fault::none;
  std::set<int64_t> taken_;
};

} // namespace troupe::test
