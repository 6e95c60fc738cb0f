#pragma once
// This node's place among the others: renews its lease every second, tells the rest of the node
// through the `lease` what it may do, claims shards that are free, and fences peers whose lease is
// over. It blocks in its session only for a renewal or a claim; what may take longer, carrying out
// fences, is the fence sweepers', one a database. Production detaches them all.
// Source: "Streams and fencing" in docs/protocols.md.

#include "actors/interfaces.hpp"
#include "actors/lease.hpp"
#include "persistence/membership.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace troupe {

/// Carries out, in one database, every fence that is marked in orders. Blocks; may be called again.
struct fence_task {
  std::string database; ///< for the log
  std::function<void()> carry_out;
};

/// `flush`: fences were marked, carry them out.
using fence_sweeper = caf::typed_actor<caf::reacts_to<flush_atom>, caf::reacts_to<tick_atom>>;

struct fence_sweeper_state {
  static inline const char* name = "fence_sweeper";
  bool waiting = false; ///< for the next try
};

fence_sweeper::behavior_type
fence_sweeper_behavior(fence_sweeper::stateful_pointer<fence_sweeper_state> self, fence_task task);

using membership_keeper = caf::typed_actor<caf::reacts_to<tick_atom>>;

class membership_keeper_state {
public:
  using self_ptr = membership_keeper::stateful_pointer<membership_keeper_state>;
  static inline const char* name = "membership_keeper";

  void start(self_ptr self, std::unique_ptr<membership> session, std::shared_ptr<lease> mine,
             std::vector<fence_sweeper> sweepers, metrics& count, health_board* board);
  void tick();

private:
  void renewed(const membership_view& seen, monotonic sent);
  void missed(const store_error& why);
  void step_down();
  void fence(const std::vector<int64_t>& expired);
  void now_owns(int shards);
  void show(health state, std::string detail);

  self_ptr self_ = nullptr;
  std::unique_ptr<membership> session_;
  std::shared_ptr<lease> lease_;
  std::vector<fence_sweeper> sweepers_;
  health_board* board_ = nullptr;
  prometheus::Gauge* owned_gauge_ = nullptr;
  prometheus::Counter* missed_count_ = nullptr;
  prometheus::Counter* fence_count_ = nullptr;
  tenure tenure_;
  int owned_ = -1;       ///< shards, as last seen; -1: not known yet
  int64_t fences_ = -1;  ///< as last told to the sweepers
  bool missing_ = false; ///< the last renewal failed
};

membership_keeper::behavior_type
membership_keeper_behavior(membership_keeper_state::self_ptr self,
                           const std::shared_ptr<std::unique_ptr<membership>>& session,
                           std::shared_ptr<lease> mine, std::vector<fence_sweeper> sweepers,
                           metrics* count, health_board* board);

} // namespace troupe
