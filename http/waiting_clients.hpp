#pragma once
// All clients of the process that wait for a change: for an order's, by long-poll or stream, and
// for notifications. They hold a connection each, and no thread.

#include "http/notification_watch.hpp"
#include "http/order_watch.hpp"

namespace troupe::http {

struct waiting_clients {
  waiting_clients(caf::actor_system& system, const waiting_options& options, metrics& count)
      : orders(system, options, count), notifications(system, options, count) {}

  /// The node behind is being made again.
  void pause() {
    orders.pause();
    notifications.pause();
  }
  /// All are answered, all streams end.
  void close() {
    orders.close();
    notifications.close();
  }

  order_watch orders;
  notification_watch notifications;
};

} // namespace troupe::http
