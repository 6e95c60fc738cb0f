#pragma once
// Outlives a service's inbox keeper: makes it again when it dies. What is to be kept meanwhile is
// refused, and comes again.

#include "actors/crew.hpp"

namespace troupe {

using inbox_router = inbox_actor::extend<caf::reacts_to<tick_atom>>;

struct inbox_router_state {
  static inline const char* name = "inbox_router";
  crew<inbox_actor, inbox_router> keeper; ///< of one
};

inbox_router::behavior_type
inbox_router_behavior(inbox_router::stateful_pointer<inbox_router_state> self,
                      crew<inbox_actor, inbox_router>::maker make);

} // namespace troupe
