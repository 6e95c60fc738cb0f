#pragma once
// Which records are handed out and not yet done, and up to where offsets may be committed. Pure
// bookkeeping for one consumer, used from its thread only. Source: "Consuming" in
// docs/protocols.md.

#include "kafka-bridge/bus.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::kafka {

/// One turn of one partition.
class in_work {
public:
  explicit in_work(uint64_t assignment, size_t limit = max_in_work)
      : assignment_(assignment), limit_(limit) {}

  uint64_t assignment() const { return assignment_; }
  /// Handed out. Offsets rise, with holes; one that does not rise throws `std::logic_error`.
  void taken(int64_t offset);
  /// False: not in work here (repeated, unknown): nothing changed.
  bool done(int64_t offset);
  /// The offset to go on from after a restart: the lowest in work, else the one after the last
  /// taken. None: nothing was taken in this turn.
  std::optional<int64_t> committable() const;
  /// The lowest offset that may be taken next.
  int64_t next() const { return next_; }
  size_t count() const { return count_; }
  bool full() const { return count_ >= limit_; }
  /// Half of it is free again: worth resuming.
  bool relaxed() const { return count_ <= limit_ / 2; }

private:
  struct slot {
    int64_t offset;
    bool done;
  };
  uint64_t assignment_;
  size_t limit_;
  std::deque<slot> slots_; ///< ascending; the first is in work
  size_t count_ = 0;       ///< of slots not done
  int64_t next_ = 0;
};

/// Topic and partition.
using partition_id = std::pair<std::string, int32_t>;

/// All partitions that a consumer has at the moment.
class work_table {
public:
  explicit work_table(size_t limit = max_in_work) : limit_(limit) {}

  /// A new turn of `p` begins; what was known of an earlier one is forgotten.
  void assign(const partition_id& p, uint64_t assignment);
  /// Nothing is this consumer's any more.
  void clear();
  size_t size() const { return partitions_.size(); }
  size_t count() const; ///< records in work, of all partitions
  std::vector<partition_id> partitions() const;

  /// A record is handed out: its token, or nothing when `p` is not assigned. An offset below the
  /// one expected (the log was truncated or the topic made anew) begins a new turn under `fresh`.
  std::optional<record_token> taken(const partition_id& p, int64_t offset, uint64_t fresh);
  /// False: late, repeated or unknown; nothing changed.
  bool done(const record_token& t);

  /// Partitions that must be paused, and those of the paused that may be resumed; each is told
  /// once per change.
  std::vector<partition_id> take_full();
  std::vector<partition_id> take_relaxed();
  bool paused(const partition_id& p) const;

  struct offset_of {
    partition_id where;
    int64_t offset = 0; ///< to go on from
    bool operator==(const offset_of&) const = default;
  };
  /// What may be committed and is not yet.
  std::vector<offset_of> to_commit() const;
  bool all_committed() const;
  /// The broker holds `offset`. Of a partition that is no longer assigned: ignored.
  void committed(const partition_id& p, int64_t offset);
  /// Where each partition stands: committable, for those that have taken something.
  std::vector<offset_of> standing() const;

private:
  struct state {
    in_work work;
    std::optional<int64_t> committed;
    bool paused = false;
  };
  size_t limit_;
  std::map<partition_id, state> partitions_;
  std::vector<partition_id> full_;    ///< paused in the books, not yet told
  std::vector<partition_id> relaxed_; ///< likewise resumed
};

} // namespace troupe::kafka
