#pragma once
// The directory of nodes in memory, with a clock that the test moves. One `fake_directory` is the
// database; each node has a session with it. Single-threaded.

#include "persistence/membership.hpp"

#include <map>

namespace troupe::test {

struct fake_directory {
  struct node {
    std::string name, address;
    int32_t protocol = cluster_protocol;
    double lease_until = 0, started_at = 0, joins_at = 0;
    bool leaving = false;
    bool fenced = false;
    bool open = true; ///< some stream of it may still be written
  };

  /// Seconds of the database's clock.
  double now = 0;
  std::map<int64_t, node> nodes;
  std::array<shard_place, shard_count> shards{};
  bool down = false; ///< every call throws `wait`

  /// A new incarnation; the name of a node is "node-<incarnation>" unless given.
  int64_t begin(const std::string& address = {}, std::string name = {});
  void complete_fences();
  /// How many shards `incarnation` owns.
  int owned_by(int64_t incarnation) const;
  bool free(int32_t shard) const;
  /// Without any question.
  void give_all(int64_t owner);
};

class fake_membership : public membership {
public:
  fake_membership(std::shared_ptr<fake_directory> db, int64_t incarnation)
      : db_(std::move(db)), me_(incarnation) {}

  membership_view renew() override;
  bool fence(int64_t incarnation, std::chrono::milliseconds silence) override;
  std::vector<claimed> claim(std::span<const int32_t> shards) override;
  std::optional<int64_t> give(const shard_move& move) override;
  void leave() override;

private:
  void check() const;

  std::shared_ptr<fake_directory> db_;
  int64_t me_;
};

} // namespace troupe::test
