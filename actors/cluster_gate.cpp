#include "actors/cluster_gate.hpp"

namespace troupe {

namespace {

struct waiting_here {
  order_observer* orders;
  notification_observer* notifications;

  void tell(const change_notice& news) const {
    const bool all = news.all || news.orders.size() + news.users.size() > max_notice;
    if (orders != nullptr)
      all ? orders->doubtful_all() : doubt_each(news.orders);
    if (notifications != nullptr)
      all ? notifications->doubtful_all() : notifications->added_elsewhere(news.users);
  }

  void doubt_each(const std::vector<std::string>& ids) const {
    for (const auto& id : ids)
      orders->doubtful(id);
  }
};

} // namespace

cluster_gate_actor::behavior_type cluster_gate_behavior(cluster_gate_actor::pointer self,
                                                        const local_orders& orders,
                                                        order_observer* order_changes,
                                                        notification_observer* new_notifications) {
  const waiting_here waiting{order_changes, new_notifications};
  return {
      [self, orders](view_atom, std::string& id, std::string& user) {
        return self->delegate(orders, local_atom::value, view_atom::value, std::move(id),
                              std::move(user));
      },
      [self, orders](order_request& r) {
        return self->delegate(orders, local_atom::value, std::move(r));
      },
      [self, orders](create_request& r) {
        return self->delegate(orders, local_atom::value, std::move(r));
      },
      [self, orders](diagnose_atom, std::string& id) {
        return self->delegate(orders, local_atom::value, diagnose_atom::value, std::move(id));
      },
      [self, orders](moved_atom, int32_t shard, const shard_place& now) {
        if (shard >= 0 && shard < shard_count)
          self->send(orders, moved_atom::value, shard, now);
      },
      [waiting](const change_notice& news) { waiting.tell(news); },
  };
}

} // namespace troupe
