#pragma once
// Finds live orders past their deadline and tells each, through the region, a batch a second: each
// round goes on where the last one ended, so that orders that cannot move (quarantined ones) do not
// hide the others. Once at the start also the payments that nobody is at work on. Idle
// while another node owns the shards. Counts the overdue for the watchdog. Folds new steps into the
// figures. One query a round for all shards of the node. Blocks in its session: production detaches
// it.

#include "actors/interfaces.hpp"
#include "actors/lease.hpp"
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
             std::shared_ptr<const lease> mine, sweeper_options options, metrics& count);
  void tick();

private:
  void tell(const std::vector<overdue_order>& overdue);
  void count_overdue();
  void show(const std::array<int64_t, order_status_count>& overdue);

  self_ptr self_ = nullptr;
  std::unique_ptr<order_queries> queries_;
  order_door orders_;
  std::shared_ptr<const lease> lease_;
  sweeper_options options_;
  std::vector<prometheus::Gauge*> gauges_; ///< by status
  bool recovered_ = false;
  overdue_order told_; ///< the last one; empty: the next round begins with the longest overdue
  caf::actor_clock::time_point next_count_{};
};

order_sweeper_actor::behavior_type
order_sweeper_behavior(order_sweeper_state::self_ptr self,
                       const std::shared_ptr<std::unique_ptr<order_queries>>& queries,
                       order_door orders, std::shared_ptr<const lease> mine,
                       sweeper_options options, metrics* count);

} // namespace troupe
