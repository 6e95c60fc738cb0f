#pragma once
// Which node should own which shard, and what this node has to do about it. Pure: every decision is
// made from one view of the tables of the orders database, and two nodes with the same view agree.
// Source: "Shards and nodes" in docs/architecture.md.

#include "domain/ids.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace troupe {

/// Of the messages between nodes. Fields may be added at the end of a message within one version;
/// any other change raises it.
inline constexpr int32_t cluster_protocol = 1;

/// An incarnation that is not fenced.
struct cluster_member {
  int64_t incarnation = 0;
  std::string name;
  std::string address; ///< "host:port" of its cluster gate; empty: it takes no part in a cluster
  int32_t protocol = cluster_protocol;
  bool lives = true;    ///< its lease is not over
  bool joined = true;   ///< it has waited long enough after its start
  bool leaving = false; ///< it gives its shards away and wants no others
  bool operator==(const cluster_member&) const = default;
};

/// Where a shard is. `epoch` rises with each change of the owner.
struct shard_place {
  int64_t owner = 0; ///< incarnation; 0: nobody
  int64_t epoch = 0;
  bool operator==(const shard_place&) const = default;
};

/// One moment of the tables.
struct cluster_view {
  std::vector<cluster_member> members; ///< by incarnation
  struct shard {
    shard_place at;
    bool free = false; ///< nobody owns it, or somebody whose fence is complete
  };
  std::array<shard, shard_count> shards{};
};

/// Those who may own shards, by incarnation: they live, do not leave, speak the protocol of the
/// first of these, and have joined (if nobody has, all may). Only nodes with an address share: if
/// the first has none, it alone may own, and the others stand by.
std::vector<cluster_member> candidates(const std::vector<cluster_member>& members);

/// Who of `among` should own `shard`: rendezvous hashing by name, so that a node that comes or goes
/// moves no shard between two others, and one that comes back gets its old ones. 0: nobody.
int64_t rightful_owner(int32_t shard, const std::vector<cluster_member>& among);

struct shard_move {
  int32_t shard = 0;
  int64_t to = 0; ///< incarnation
  bool operator==(const shard_move&) const = default;
};

/// What `me` does about `seen`: takes free shards that are its own by right, gives away those of
/// its own that are somebody else's.
struct shard_plan {
  std::vector<int32_t> claim;
  std::vector<shard_move> give;
};
shard_plan plan_shards(const cluster_view& seen, int64_t me);

/// A peer that may be fenced once it has not renewed its lease for so long.
struct suspect {
  int64_t incarnation = 0;
  std::chrono::milliseconds silence{};
  bool operator==(const suspect&) const = default;
};

/// Of `seen`, those other than `me` whose lease is over, and those of `lost`, the peers whose
/// connection has broken: of these one missed renewal is enough.
std::vector<suspect> suspects(const cluster_view& seen, int64_t me, const std::set<int64_t>& lost);

} // namespace troupe
