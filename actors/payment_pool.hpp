#pragma once
// The supervised pool of payment workers: an order's charges, settlements and cancellation always
// meet the same worker.

#include "actors/payment_worker.hpp"

namespace troupe {

using payment_router = payment_pool::extend<caf::reacts_to<tick_atom>>;

struct payment_router_state {
  static inline const char* name = "payment_pool";
  crew<payment_worker, payment_router> workers;
};

payment_router::behavior_type
payment_pool_behavior(payment_router::stateful_pointer<payment_router_state> self, size_t size,
                      crew<payment_worker, payment_router>::maker make);

} // namespace troupe
