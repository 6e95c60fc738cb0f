#pragma once
// A user's notifications, read and marked as read. Blocks in its session, so production spawns it
// detached; behind a router that makes it again when it dies.

#include "actors/crew.hpp"

namespace troupe {

using notification_router = notification_actor::extend<caf::reacts_to<tick_atom>>;

struct notification_reader_state {
  static inline const char* name = "notification_reader";
  std::unique_ptr<emailing_store> store;
};

notification_actor::behavior_type
notification_reader_behavior(notification_actor::stateful_pointer<notification_reader_state> self,
                             const std::shared_ptr<std::unique_ptr<emailing_store>>& store);

struct notification_router_state {
  static inline const char* name = "notifications";
  crew<notification_actor, notification_router> readers;
};

notification_router::behavior_type
notification_router_behavior(notification_router::stateful_pointer<notification_router_state> self,
                             crew<notification_actor, notification_router>::maker make);

} // namespace troupe
