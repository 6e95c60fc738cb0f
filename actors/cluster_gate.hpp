#pragma once
// The door that peers come in by: what they ask goes to the orders of this node, and what they
// changed to the clients that wait here. Published at the cluster's address
// (actors/cluster_net.hpp).

#include "actors/observers.hpp"
#include "actors/peers.hpp"

namespace troupe {

/// Ids in one notice past which everything counts as changed.
inline constexpr size_t max_notice = 1000;

/// The observers are those of the clients that wait on this node; they outlive it, and may be null.
cluster_gate_actor::behavior_type cluster_gate_behavior(cluster_gate_actor::pointer self,
                                                        const local_orders& orders,
                                                        order_observer* order_changes,
                                                        notification_observer* new_notifications);

} // namespace troupe
