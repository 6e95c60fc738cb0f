#pragma once
// Finds live orders past their deadline in the shards that this node owns and tells each, through
// the region, a batch a second: each round goes on where the last one ended, so that orders that
// cannot move (quarantined ones) do not hide the others. Of shards whose owner is gone also the
// payments, which nobody is at work on. Who owns the first shard counts the overdue for the
// watchdog and folds new steps into the figures, for all. One query a round. Blocks in its session:
// production detaches it.

#include "actors/interfaces.hpp"
#include "actors/lease.hpp"
#include "actors/shard_directory.hpp"
#include "telemetry/metrics.hpp"

#include <array>

namespace troupe {

using order_sweeper_actor = caf::typed_actor<caf::reacts_to<tick_atom>>;

struct sweeper_options {
  std::chrono::milliseconds interval{1000};
  int batch = 500;                          ///< orders told in one round
  std::chrono::milliseconds watchdog{5000}; ///< between counts for the gauge
};

class order_sweeper_state {
public:
  using self_ptr = order_sweeper_actor::stateful_pointer<order_sweeper_state>;
  static inline const char* name = "order_sweeper";

  void start(self_ptr self, std::unique_ptr<order_queries> queries, order_door orders,
             std::shared_ptr<const lease> mine, std::shared_ptr<shard_directory> shards,
             sweeper_options options, metrics& count);
  void tick();

private:
  void recover();
  void tell(const std::vector<overdue_order>& overdue);
  void count_overdue();
  void show(const std::array<int64_t, order_status_count>& overdue);

  self_ptr self_ = nullptr;
  std::unique_ptr<order_queries> queries_;
  order_door orders_;
  std::shared_ptr<const lease> lease_;
  std::shared_ptr<shard_directory> shards_;
  sweeper_options options_;
  std::vector<prometheus::Gauge*> gauges_; ///< by status
  overdue_order told_; ///< the last one; empty: the next round begins with the longest overdue
  caf::actor_clock::time_point next_count_{};
};

order_sweeper_actor::behavior_type
order_sweeper_behavior(order_sweeper_state::self_ptr self,
                       const std::shared_ptr<std::unique_ptr<order_queries>>& queries,
                       order_door orders, std::shared_ptr<const lease> mine,
                       std::shared_ptr<shard_directory> shards, sweeper_options options,
                       metrics* count);

} // namespace troupe
