#pragma once
// Who owns which shard, as far as this node knows. Written by the membership keeper from the
// database and by the cluster gate from what peers tell; read at every message. Thread-safe. A
// wrong entry costs a detour, never an order: the owner refuses what is not its own, and the
// version guard of the journal holds in any case. Source: "Shards and nodes" in
// docs/architecture.md.

#include "domain/cluster.hpp"
#include "domain/ids.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <vector>

namespace troupe {

class shard_directory {
public:
  /// `me`: this node's incarnation.
  explicit shard_directory(int64_t me) : me_(me) {}

  /// Of a node without others: it owns all shards.
  static std::shared_ptr<shard_directory> alone();

  int64_t me() const { return me_; }
  shard_place of(int32_t shard) const;
  std::array<shard_place, shard_count> all() const;
  std::vector<int32_t> owned() const;
  /// What one node has to do for all is done by the owner of the first shard.
  bool leads() const { return of(0).owner == me_; }

  /// Only a later epoch than the known one changes anything: news may overtake each other. False:
  /// nothing changed.
  bool learn(int32_t shard, shard_place now);

  /// This node has claimed `shards` from nobody, or from owners who are gone: nobody is at work on
  /// their payments.
  void inherit(const std::vector<int32_t>& shards);
  /// Those since the last call.
  std::vector<int32_t> take_inherited();

private:
  const int64_t me_;
  mutable std::mutex lock_;
  std::array<shard_place, shard_count> places_{};
  std::vector<int32_t> inherited_;
};

/// Ids of new orders that this node owns by itself, while it owns any: an order is born where its
/// customer is, who mostly stays, so that little of what follows goes between nodes. `any`: gives
/// ids that fall into all shards alike.
id_source ids_born_here(std::shared_ptr<const shard_directory> shards, id_source any);

} // namespace troupe
