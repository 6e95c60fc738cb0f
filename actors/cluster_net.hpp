#pragma once
// The network between nodes: CAF's middleman, plain or with TLS, on one address and port a node.
// With TLS both sides show a certificate that the authority has signed; without it anybody who
// reaches the port may say anything, so it belongs on loopback or a private network.

#include "actors/peer_router.hpp"

namespace troupe {

struct cluster_net_options {
  std::string bind; ///< a numeric address; empty: no cluster
  uint16_t port = 3010;
  std::string certificate, key, authority; ///< PEM files; all or none
  bool tls() const { return !certificate.empty(); }
};

/// Lets the actor system take part in a cluster, if `options` say so. A peer that is silent for
/// five seconds counts as lost.
void add_cluster_net(caf::actor_system_config& config, const cluster_net_options& options);

/// Connects by the middleman. Each attempt has a thread of its own, so that a peer that does not
/// answer holds up nobody.
connector_actor::behavior_type connector_behavior(connector_actor::pointer self);

/// Lets peers in by `gate`. Blocks; false: the port could not be bound. Once an incarnation.
bool publish_gate(caf::actor_system& system, const cluster_gate_actor& gate,
                  const cluster_net_options& options);

/// Closes the port to new peers. Connections stay; they end with the gate.
void unpublish_gate(caf::actor_system& system, const cluster_gate_actor& gate, uint16_t port);

} // namespace troupe
