#pragma once
// The only way to orders: hands each message to the shard of its order id here, or to the node that
// owns it, and supervises the shards. What finds a shard between two owners, or its owner gone,
// waits in a bounded line and is asked again until its patience ends: every command may be asked
// twice. A view that no owner answers is read from the store, which never shows less than what was
// acknowledged. A node whose lease is over refuses everything. A shard that dies is made again with
// a growing delay; its orders load afresh.
// Source: "Shards and nodes" in docs/architecture.md.

#include "actors/order_shard.hpp"
#include "actors/peers.hpp"

#include <array>
#include <list>
#include <set>

namespace troupe {

/// `leave_atom`: lets the orders of a shard end; true when nothing of it is written here any more.
/// From the question on its messages wait, until `moved_atom` says where it is. `again_atom`: make
/// this shard again. `tick_atom`, from itself: ask again.
using order_region_actor
    = order_door::extend<caf::replies_to<diagnose_atom, std::string>::with<presence>,
                         caf::reacts_to<again_atom, int32_t>,
                         caf::replies_to<leave_atom, int32_t>::with<bool>,
                         caf::reacts_to<tick_atom>>::extend_with<local_orders>;

struct region_options {
  std::chrono::milliseconds patience{4500}; ///< of what waits for an owner; then `unavailable`
  std::chrono::milliseconds pause{50};      ///< before it is asked again
  size_t waiting = 10'000;                  ///< messages in line; the next is told `busy`
};

class order_region_state {
public:
  using self_ptr = order_region_actor::stateful_pointer<order_region_state>;
  static inline const char* name = "order_region";

  void start(self_ptr self, order_context_ptr context, shard_options options, region_options limits,
             metrics& count);

  caf::result<order> view(std::string&& id, std::string&& user);
  caf::result<order_answer> command(order_request&& request);
  caf::result<create_answer> create(create_request&& request);
  caf::result<presence> diagnose(std::string&& id);
  /// For a peer: `message` goes to a shard of this node, or fails with `not_owner`.
  template <class Answer, class... Message>
  caf::result<Answer> ask_here(const std::string& id, Message... message) {
    const auto way = to(id);
    if (way.shard)
      return self_->delegate(way.shard, std::move(message)...);
    return make_fault(way.refused == fault::none ? fault::not_owner : way.refused);
  }

  caf::result<bool> leave(int32_t shard);
  void moved(int32_t shard, shard_place now);
  void ask_again();
  void spawn_shard(int32_t shard);
  void down(const caf::down_msg& gone);
  void stop(const caf::error& why);

private:
  using clock_time = caf::actor_clock::time_point;

  /// Where a message goes now. Neither `refused` nor anywhere: it has to wait.
  struct way {
    fault refused = fault::none;
    order_shard_actor shard;
    int64_t peer = 0;
  };

  /// What waits for an owner. `fail`: its patience has ended.
  struct waiter {
    int32_t shard = 0;
    clock_time until{};
    std::function<void()> again;
    std::function<void(const caf::error&)> fail;
  };

  template <class Answer, class... Message>
  struct errand;

  way to(const std::string& order_id) const;
  template <class Answer, class... Message>
  caf::result<Answer> ask(const std::string& id, Message... message);
  template <class Errand>
  void run(const std::shared_ptr<Errand>& e);
  void wait(waiter who);
  void ask_again_of(int32_t shard);

  self_ptr self_ = nullptr;
  order_context_ptr context_;
  shard_options options_;
  region_options limits_;
  std::shared_ptr<shard_metrics> count_;
  std::array<order_shard_actor, shard_count> shards_;
  std::vector<restart_delay> delays_;
  std::set<int32_t> leaving_; ///< shards on their way to another node
  std::list<waiter> line_;
  bool ticking_ = false;
};

/// Owns all shards of the node. Give it an exit message to end it and all below it.
order_region_actor::behavior_type order_region_behavior(order_region_state::self_ptr self,
                                                        order_context_ptr context,
                                                        shard_options options,
                                                        region_options limits, metrics* count);

} // namespace troupe
