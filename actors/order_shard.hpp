#pragma once
// One of the 64 shards of a node: supervises its order actors. Spawns them on demand (from the
// store, or for a creation), restarts one that crashed with a growing delay, quarantines one that
// keeps crashing, passivates idle ones. Reads of settled orders are answered from the store and
// need no actor. When another node takes it over, its orders end their commands and leave, and so
// does it: then it answers `leave_atom`. Spawned by the region only, which sends it nothing more
// meanwhile.

#include "actors/backoff.hpp"
#include "actors/order.hpp"
#include "telemetry/metrics.hpp"

#include <list>
#include <unordered_map>

namespace troupe {

using order_shard_actor
    = order_door::extend<caf::replies_to<diagnose_atom, std::string>::with<presence>,
                         caf::replies_to<leave_atom, order_door>::with<bool>,
                         caf::reacts_to<tick_atom>,                // look for idle orders
                         caf::reacts_to<again_atom, std::string>>; // restart it now

struct shard_options {
  std::chrono::milliseconds idle{60000}; ///< an order without commands for this long rests
  int crashes_to_quarantine = 3;         ///< within `crash_window`
  std::chrono::milliseconds crash_window{60000};
  std::chrono::milliseconds first_restart{100}; ///< doubles with each crash in the window
  size_t max_waiting = 256;                     ///< commands for one order that is being loaded
};

/// Counted over all shards of a node.
struct shard_metrics {
  explicit shard_metrics(metrics& m);
  prometheus::Gauge& live;
  prometheus::Counter& restarts;
  prometheus::Gauge& quarantined;
};

class order_shard_state {
public:
  using self_ptr = order_shard_actor::stateful_pointer<order_shard_state>;
  static inline const char* name = "order_shard";

  void start(self_ptr self, order_context_ptr context, shard_options options,
             std::shared_ptr<shard_metrics> count);
  caf::result<order> view(const std::string& id, const std::string& user);
  caf::result<order_answer> command(order_request&& request);
  caf::result<create_answer> create(create_request&& request);
  presence holds(const std::string& id) const;
  void passivate_idle();
  caf::result<bool> leave(order_door next_owner);
  void restart(const std::string& id);
  void down(const caf::down_msg& gone);
  void abandon(const caf::error& why);

private:
  using clock_time = caf::actor_clock::time_point;

  enum class phase { loading, live, resting, crashed, quarantined };

  /// A view or a command that waits until its order is there.
  struct waiter {
    std::string user;
    std::optional<order_request> request; ///< none: a view
    caf::typed_response_promise<order> view;
    caf::typed_response_promise<order_answer> answer;
  };

  struct entry {
    phase now = phase::loading;
    order_actor actor;
    std::list<waiter> line; ///< unlike a deque it holds nothing while it is empty
    clock_time last_used{};
    clock_time first_crash{};
    int crashes = 0;
  };

  caf::result<create_answer> created_before(const std::string& id);
  entry* find_or_load(const std::string& id);
  void load(const std::string& id);
  void loaded(const std::string& id, const loaded_order& found);
  void spawn_order(const std::string& id, entry& e, order initial);
  void wait(entry& e, waiter who);
  void drain(entry& e);
  void crashed(const std::string& id, entry& e);
  void refuse(entry& e, const caf::error& why);
  bool worth_keeping(const entry& e) const;
  bool leaves() const { return next_owner_ != nullptr; }
  void let_go(const std::string& id, entry& e);
  void gone(const std::string& id, caf::actor_id left);
  void forget(const std::string& id);
  void end_if_left();

  self_ptr self_ = nullptr;
  order_context_ptr context_;
  shard_options options_;
  std::shared_ptr<shard_metrics> count_;
  std::unordered_map<std::string, entry> orders_;
  std::unordered_map<caf::actor_id, std::string> ids_; ///< of live actors
  order_door next_owner_;                              ///< null: the shard stays
  caf::typed_response_promise<bool> left_;
};

order_shard_actor::behavior_type order_shard_behavior(order_shard_state::self_ptr self,
                                                      order_context_ptr context,
                                                      shard_options options,
                                                      std::shared_ptr<shard_metrics> count);

} // namespace troupe
