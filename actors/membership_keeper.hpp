#pragma once
// This node's place among the others: renews its lease every second, tells the rest of the node
// through the `lease` and the directory what it may do, claims free shards that are its own by
// right, gives away those that are not, one at a time, and fences peers whose lease is over. It
// blocks in its session only for a renewal, a claim or a transfer; what may take longer, carrying
// out fences, is the fence sweepers', one a database. Production detaches them all. Source:
// "Streams and fencing" in docs/protocols.md, "Shards and nodes" in docs/architecture.md.

#include "actors/interfaces.hpp"
#include "actors/lease.hpp"
#include "actors/peers.hpp"
#include "actors/shard_directory.hpp"
#include "persistence/membership.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

#include <deque>
#include <set>

namespace troupe {

/// Carries out, in one database, every fence that is marked in orders. Blocks; may be called again.
struct fence_task {
  std::string database; ///< for the log
  std::function<void()> carry_out;
};

/// `flush`: fences were marked, carry them out.
using fence_sweeper = caf::typed_actor<caf::reacts_to<flush_atom>, caf::reacts_to<tick_atom>>;

struct fence_sweeper_state {
  static inline const char* name = "fence_sweeper";
  bool waiting = false; ///< for the next try
};

fence_sweeper::behavior_type
fence_sweeper_behavior(fence_sweeper::stateful_pointer<fence_sweeper_state> self, fence_task task);

/// The cluster as a node sees it.
struct cluster_state {
  int64_t me = 0;
  std::vector<cluster_member> members;
  std::array<shard_place, shard_count> shards{};
};

/// `leave_atom`: gives all shards away; true when there are none left, or nobody to take them.
/// `lost_atom`: the connection to this incarnation broke. Local.
using membership_keeper
    = caf::typed_actor<caf::reacts_to<tick_atom>, caf::replies_to<leave_atom>::with<bool>,
                       caf::reacts_to<lost_atom, int64_t>,
                       caf::replies_to<view_atom>::with<cluster_state>>;

/// The region of this node, as the keeper uses it.
using shard_keeper = caf::typed_actor<caf::replies_to<leave_atom, int32_t>::with<bool>,
                                      caf::reacts_to<moved_atom, int32_t, shard_place>>;

/// What a keeper works with.
struct keeper_parts {
  std::shared_ptr<lease> mine;
  std::shared_ptr<shard_directory> shards;
  std::vector<fence_sweeper> sweepers;
  shard_keeper region;
  peer_orders peers{}; ///< null: there is no cluster
  metrics* count = nullptr;
  health_board* board = nullptr; ///< may be null
};

class membership_keeper_state {
public:
  using self_ptr = membership_keeper::stateful_pointer<membership_keeper_state>;
  static inline const char* name = "membership_keeper";

  void start(self_ptr self, std::unique_ptr<membership> session, keeper_parts parts);
  void tick();
  caf::result<bool> leave();
  void lost(int64_t incarnation);
  cluster_state view() const;

private:
  void look();
  void renewed(const membership_view& seen, monotonic sent);
  void missed(const store_error& why);
  void step_down();
  void learn(int32_t shard, shard_place now);
  void fence(const cluster_view& seen);
  void claim(const std::vector<int32_t>& shards);
  void give_next();
  void give(const shard_move& move, bool drained);
  void tell_peers(int32_t shard, shard_place now);
  void end_leaving(bool done);
  void show();
  void show(health state, std::string detail);
  bool hurried() const;

  self_ptr self_ = nullptr;
  std::unique_ptr<membership> session_;
  keeper_parts parts_;
  prometheus::Gauge* owned_gauge_ = nullptr;
  prometheus::Gauge* member_gauge_ = nullptr;
  prometheus::Counter* missed_count_ = nullptr;
  prometheus::Counter* fence_count_ = nullptr;
  prometheus::Counter* claim_count_ = nullptr;
  prometheus::Counter* give_count_ = nullptr;
  tenure tenure_;
  cluster_view seen_;
  /// Peers whose connection broke, until they are fenced, or some time has passed in which they
  /// have renewed their leases all the same.
  std::set<int64_t> lost_;
  caf::actor_clock::time_point forget_lost_at_{};
  std::deque<shard_move> moves_; ///< to be made; the first is under way
  std::set<int32_t> doubtful_;   ///< shards whose transfer may or may not have been written
  std::vector<caf::typed_response_promise<bool>> leavers_;
  bool leaving_ = false;
  int64_t fences_ = -1;    ///< as last told to the sweepers
  bool unfinished_ = true; ///< fences were not carried out when last seen
  bool missing_ = false;   ///< the last renewal failed
  caf::actor_clock::time_point next_look_{};
};

membership_keeper::behavior_type
membership_keeper_behavior(membership_keeper_state::self_ptr self,
                           const std::shared_ptr<std::unique_ptr<membership>>& session,
                           keeper_parts parts);

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::cluster_state)
