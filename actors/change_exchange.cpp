#include "actors/change_exchange.hpp"

#include "actors/cluster_gate.hpp"

#include <utility>

namespace troupe {

/// Under the lock, in which `add` runs, so that it stays short.
template <class Add>
void change_exchange::gather(Add add) {
  if (peers_ == 0)
    return;
  const std::lock_guard guard(lock_);
  if (!teller_)
    return;
  if (orders_.size() + users_.size() <= max_notice)
    add();
  if (!std::exchange(told_, true))
    caf::anon_send(teller_, flush_atom::value);
}

void change_exchange::changed(const order& now) {
  here_.orders.changed(now);
  gather([&] { orders_.insert(now.id); });
}

void change_exchange::doubtful(const std::string& order_id) {
  here_.orders.doubtful(order_id);
  gather([&] { orders_.insert(order_id); });
}

void change_exchange::added(const std::vector<notification>& fresh) {
  here_.notifications.added(fresh);
  gather([&] {
    for (const auto& n : fresh)
      users_.insert(n.user_id);
  });
}

void change_exchange::added_elsewhere(const std::vector<std::string>& users) {
  here_.notifications.added_elsewhere(users);
}

void change_exchange::doubtful_all() {
  here_.orders.doubtful_all();
  here_.notifications.doubtful_all();
}

void change_exchange::open(change_teller_actor teller) {
  const std::lock_guard guard(lock_);
  teller_ = std::move(teller);
  missed_ = true; // what came while there was no teller
  told_ = true;
  caf::anon_send(teller_, flush_atom::value);
}

void change_exchange::close() {
  const std::lock_guard guard(lock_);
  teller_ = nullptr;
}

void change_exchange::peers(size_t connected) {
  peers_ = connected;
}

change_notice change_exchange::take() {
  change_notice news;
  const std::lock_guard guard(lock_);
  told_ = false;
  const auto orders = std::exchange(orders_, {});
  const auto users = std::exchange(users_, {});
  news.all = std::exchange(missed_, false) || orders.size() + users.size() > max_notice;
  if (!news.all) {
    news.orders.assign(orders.begin(), orders.end());
    news.users.assign(users.begin(), users.end());
  }
  return news;
}

change_teller_actor::behavior_type
change_teller_behavior(change_teller_actor::stateful_pointer<change_teller_state> self,
                       change_exchange* changes, const peer_router_actor& peers,
                       std::chrono::milliseconds interval) {
  changes->open(self);
  before_ending(self, [changes] { changes->close(); });
  return {
      [self, interval](flush_atom) { self->delayed_send(self, interval, tick_atom::value); },
      [self, changes, peers](tick_atom) { self->send(peers, changes->take()); },
  };
}

} // namespace troupe
