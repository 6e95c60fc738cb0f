#pragma once
// Turns the events that the order service consumes into commands for orders. Stateless: the effect
// is committed, and the offset may move on, when the order has answered.

#include "actors/interfaces.hpp"

namespace troupe {

event_handler::behavior_type order_inbox_behavior(event_handler::pointer self,
                                                  const order_door& orders);

} // namespace troupe
