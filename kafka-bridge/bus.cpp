#include "kafka-bridge/bus.hpp"

#include <initializer_list>
#include <string_view>

namespace troupe::kafka {

std::string group_of(service s) {
  return "troupe-" + std::string(to_string(s));
}

std::vector<std::string> topics_of(service s) {
  const auto list = [](std::initializer_list<std::string_view> topics) {
    return std::vector<std::string>(topics.begin(), topics.end());
  };
  switch (s) {
    case service::order:
      return list({topic::inventory_updated, topic::inventory_rejected, topic::inventory_released,
                   topic::payment_refunded});
    case service::payment:
      return list({topic::order_cancelled});
    case service::inventory:
      return list({topic::order_created, topic::payment_success, topic::order_cancelled});
    case service::emailing:
      return list({topic::order_created, topic::payment_success, topic::payment_failed,
                   topic::order_dispatched, topic::order_completed, topic::order_cancelled,
                   topic::notification_requested});
  }
  return {};
}

} // namespace troupe::kafka
