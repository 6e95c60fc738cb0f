#pragma once
// The only way to orders: hands each message to the shard that owns its order id, and supervises
// the shards. It refuses what this node may not serve: its lease is over, or another node owns the
// shards. A shard that dies is made again with a growing delay; its orders load afresh.

#include "actors/order_shard.hpp"

#include <array>

namespace troupe {

using order_region_actor
    = order_door::extend<caf::replies_to<diagnose_atom, std::string>::with<presence>,
                         caf::reacts_to<again_atom, int32_t>>; // a shard

class order_region_state {
public:
  using self_ptr = order_region_actor::stateful_pointer<order_region_state>;
  static inline const char* name = "order_region";

  void start(self_ptr self, order_context_ptr context, shard_options options, metrics& count);
  /// Whether this node may serve commands now, and the shard of `order_id` with it.
  struct way {
    fault refused = fault::none;
    order_shard_actor shard;
  };
  way to(const std::string& order_id) const;
  /// The committed state, for a node that does not own the order.
  caf::result<order> view_from_store(const std::string& id, const std::string& user);
  void spawn_shard(int32_t shard);
  void down(const caf::down_msg& gone);
  void stop(const caf::error& why);

private:
  self_ptr self_ = nullptr;
  order_context_ptr context_;
  shard_options options_;
  std::shared_ptr<shard_metrics> count_;
  std::array<order_shard_actor, shard_count> shards_;
  std::vector<restart_delay> delays_;
};

/// Owns all shards of the node. Give it an exit message to end it and all below it.
order_region_actor::behavior_type order_region_behavior(order_region_state::self_ptr self,
                                                        order_context_ptr context,
                                                        shard_options options, metrics* count);

} // namespace troupe
