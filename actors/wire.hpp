#pragma once
// The messages that cross nodes, made known to CAF: one that is not lands nowhere.

#include "actors/peers.hpp"

namespace troupe {

/// Before the actor system is made.
void add_wire_types(caf::actor_system_config& config);

} // namespace troupe
