#pragma once
// What nodes of a cluster say to each other, and the two ends of it in this process: `peer_router`
// is the way to other nodes, `cluster_gate` is the door that they come in by.
//
//   order_region ─▶ peer_router ══▶ cluster_gate ─▶ local_orders (the region of the other node)
//
// Everything that crosses has an `inspect` (actors/inspect.hpp) and a round-trip test
// (tests/actors/wire_test.cpp). Source: "Shards and nodes" in docs/architecture.md.

#include "actors/interfaces.hpp"
#include "domain/cluster.hpp"

namespace troupe {

using local_atom = caf::atom_constant<caf::atom("local")>; ///< do not ask another node
using peers_atom = caf::atom_constant<caf::atom("peers")>; ///< who lives

/// Orders that another node owns, by the incarnation that does. Fails with `not_owner` (the peer
/// says so: look again), `busy` (too much is in flight to it) or `unavailable` (it is not
/// connected, or nobody knows whether the command arrived: every command may be asked again).
/// `peers_atom`: all members as last seen; gates that are new are connected to, others are given
/// up. `moved_atom`: the first learns, ahead of any later command, that it owns the shard now.
using peer_orders
    = caf::typed_actor<caf::replies_to<int64_t, view_atom, std::string, std::string>::with<order>,
                       caf::replies_to<int64_t, order_request>::with<order_answer>,
                       caf::replies_to<int64_t, create_request>::with<create_answer>,
                       caf::replies_to<int64_t, diagnose_atom, std::string>::with<presence>,
                       caf::reacts_to<peers_atom, std::vector<cluster_member>>,
                       caf::reacts_to<moved_atom, int64_t, int32_t, shard_place>>;

/// The orders of this node only: `not_owner` for what is another's.
using local_orders = caf::typed_actor<
    caf::replies_to<local_atom, view_atom, std::string, std::string>::with<order>,
    caf::replies_to<local_atom, order_request>::with<order_answer>,
    caf::replies_to<local_atom, create_request>::with<create_answer>,
    caf::replies_to<local_atom, diagnose_atom, std::string>::with<presence>,
    caf::reacts_to<moved_atom, int32_t, shard_place>>;

/// Changes that clients of other nodes may wait for: order ids, and the users who have new
/// notifications. Told to every peer in batches. `all`: anything may have changed, for notices may
/// have been lost, or are too many.
struct change_notice {
  std::vector<std::string> orders, users;
  bool all = false;
};

template <class Inspector>
auto inspect(Inspector& f, change_notice& x) {
  return fields(f, "change_notice", x.orders, x.users, x.all);
}

/// The gate of a node, as its peers know it.
using cluster_gate_actor
    = caf::typed_actor<caf::replies_to<view_atom, std::string, std::string>::with<order>,
                       caf::replies_to<order_request>::with<order_answer>,
                       caf::replies_to<create_request>::with<create_answer>,
                       caf::replies_to<diagnose_atom, std::string>::with<presence>,
                       caf::reacts_to<moved_atom, int32_t, shard_place>,
                       caf::reacts_to<change_notice>>;

} // namespace troupe
