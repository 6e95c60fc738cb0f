#pragma once
// A supervised pool of consumers of one service: `inventory_pool`, `emailing_pool`. Hands each
// event to the worker of its key, so that the events of one order meet one worker in order.

#include "actors/crew.hpp"

namespace troupe {

using event_pool = event_handler::extend<caf::reacts_to<tick_atom>>;

struct event_pool_state {
  static inline const char* name = "event_pool";
  crew<event_handler, event_pool> workers;
};

/// `kind` names the workers in the log; `make` makes number i (production: detached).
event_pool::behavior_type event_pool_behavior(event_pool::stateful_pointer<event_pool_state> self,
                                              std::string kind, size_t size,
                                              crew<event_handler, event_pool>::maker make);

} // namespace troupe
