#pragma once
// When a node may serve, and when it may fence another. Pure: times are given. Database time and
// this node's monotonic clock are never compared with each other.
// Source: "Streams and fencing" in docs/protocols.md.

#include <chrono>
#include <optional>

namespace troupe {

using monotonic = std::chrono::steady_clock::time_point;

/// How long a lease lasts from its renewal: by PostgreSQL's clock for peers, by the monotonic
/// clock, from when the renewal was sent, for the node itself, which therefore ends first.
inline constexpr std::chrono::seconds lease_length{3};

/// A node's own renewals.
class tenure {
public:
  /// A renewal that was sent at `sent` has succeeded.
  void renewed(monotonic sent);
  /// A renewal has failed, or its outcome is unknown.
  void missed() { run_began_.reset(); }

  /// From then on a peer may have fenced this node.
  monotonic serves_until() const { return last_sent_ + lease_length; }

  /// True when the last renewals have succeeded without a gap and the first of them was sent a
  /// lease ago or more. Right after an outage of the database everybody's lease is over, and
  /// everybody has that long to renew it before anybody is fenced.
  bool may_fence(monotonic now) const;

private:
  std::optional<monotonic> run_began_;
  monotonic last_sent_{};
};

} // namespace troupe
