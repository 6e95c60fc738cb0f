#pragma once
// The orders database in memory, for tests of whoever uses order_store and order_queries. It keeps
// the same contract as the real one: tests/persistence/order_contract_pgtest.cpp runs on both.
// Callable from any thread; several stores and queries may share one.

#include "persistence/order_queries.hpp"
#include "persistence/order_store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>

namespace troupe::test {

class fake_orders : public std::enable_shared_from_this<fake_orders> {
public:
  /// `clock` is the server's; the machine's own when none is given.
  static std::shared_ptr<fake_orders> make(std::function<timestamp()> clock = {});

  /// As make_order_store and make_order_queries; they keep this object alive.
  std::unique_ptr<order_store> store(int64_t incarnation = 1);
  std::unique_ptr<order_queries> queries();

  // What goes wrong next.
  enum class trouble {
    lost_before, ///< the connection breaks, nothing was written
    lost_after,  ///< the connection breaks, everything was written
    wait         ///< the server cannot serve; nothing was written, the session stays
  };
  /// The next commit of any store meets `what`; queued when called more than once.
  void fail_next_commit(trouble what);
  /// The next write set of this order is a conflict, whatever its version.
  void conflict_next(const std::string& order_id);
  /// While down every session is lost, `connect` and all queries throw `wait`.
  void set_down(bool down);
  /// From now on `connect` of this incarnation's stores throws `fenced`; their sessions go on until
  /// somebody takes their streams.
  void fence(int64_t incarnation);
  /// Ends all sessions of this incarnation, as whoever carries its fence out does.
  void end_sessions(int64_t incarnation);

  // Looking behind the stores.
  std::vector<order> all() const;
  std::size_t journal_rows() const;
  int commits() const; ///< calls of commit that wrote something
  bool drained(int64_t stream) const;
  /// Streams with events above their watermark.
  std::vector<int64_t> unpublished() const;
  /// Every event, in position order.
  std::vector<outgoing_event> events() const;

private:
  friend class fake_store;
  friend class fake_queries;

  struct stream_row {
    int64_t incarnation = 0;
    int64_t writer = 0; ///< session that opened it
    int64_t holder = 0; ///< session that has its lock, if that one still lives
    bool drained = false;
    position watermark = 0;
  };
  struct journal_row {
    std::string order_id;
    int32_t version = 0;
    timestamp time{};
    std::vector<event> events;
  };
  struct order_row {
    order now;
    std::optional<timestamp> deadline;
  };
  struct key_row {
    earlier_use use;
    timestamp at{};
  };

  explicit fake_orders(std::function<timestamp()> clock) : clock_(std::move(clock)) {}

  // All of these with `lock_` held.
  std::vector<outgoing_event> events_of(position at) const;
  commit_result write(const write_set& set, const std::function<position()>& next);
  commit_result create(const write_set& set, const std::function<position()>& next);
  commit_result move_on(const write_set& set, const std::function<position()>& next);
  commit_result record(order_row& row, const write_set& set, const std::function<position()>& next);
  void keep_key(const write_set& set, timestamp at);
  const key_row* known_key(const write_set& set) const;
  bool lives(int64_t session) const { return sessions_.contains(session); }

  mutable std::mutex lock_;
  std::function<timestamp()> clock_;
  std::map<std::string, order_row> orders_;
  std::map<position, journal_row> journal_;
  std::map<std::string, key_row> keys_;
  std::map<int64_t, stream_row> streams_;
  std::set<int64_t> sessions_;
  std::set<int64_t> fenced_;
  std::vector<trouble> troubles_;
  std::multiset<std::string> conflicts_;
  int64_t last_session_ = 0;
  int commits_ = 0;
  bool down_ = false;
};

} // namespace troupe::test
