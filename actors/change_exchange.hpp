#pragma once
// Between whoever commits and whoever waits: tells the clients that wait on this node at once, and
// gathers what those of other nodes may wait for. A teller hands what was gathered to the peer
// router, as one notice every few milliseconds while there is something; without a peer nothing is
// gathered. Nothing is lost between: a peer that is connected anew is told that anything may have
// changed (actors/peer_router.cpp), and so are all when too much comes at once.
// Thread-safe; outlives the actors of the node.

#include "actors/observers.hpp"
#include "actors/peer_router.hpp"

#include <atomic>
#include <mutex>
#include <unordered_set>

namespace troupe {

/// `flush`: something is gathered. `tick`, from itself: send it.
using change_teller_actor = caf::typed_actor<caf::reacts_to<flush_atom>, caf::reacts_to<tick_atom>>;

class change_exchange final : public order_observer, public notification_observer {
public:
  /// The observers of the clients that wait on this node; they outlive it.
  change_exchange(order_observer& orders, notification_observer& notifications)
      : here_{orders, notifications} {}

  void changed(const order& now) override;
  void doubtful(const std::string& order_id) override;
  void added(const std::vector<notification>& fresh) override;
  /// Here only: the node that has committed tells the others by itself.
  void added_elsewhere(const std::vector<std::string>& users) override;
  /// Likewise.
  void doubtful_all() override;

  /// `teller` is told when something is gathered, from now on.
  void open(change_teller_actor teller);
  void close();
  /// So many peers are connected, from now on.
  void peers(size_t connected);
  /// What was gathered since the last time.
  change_notice take();

private:
  template <class Add>
  void gather(Add add);

  struct {
    order_observer& orders;
    notification_observer& notifications;
  } here_;
  std::atomic<size_t> peers_ = 0;
  std::mutex lock_;
  change_teller_actor teller_;
  std::unordered_set<std::string> orders_, users_;
  bool missed_ = false; ///< there is more than that
  bool told_ = false;   ///< the teller knows that there is something
};

struct change_teller_state {
  static inline const char* name = "change_teller";
};

/// Makes `changes` gather until it ends. `interval`: between two notices.
change_teller_actor::behavior_type
change_teller_behavior(change_teller_actor::stateful_pointer<change_teller_state> self,
                       change_exchange* changes, const peer_router_actor& peers,
                       std::chrono::milliseconds interval);

} // namespace troupe
