#include "actors/payment_pool.hpp"

namespace troupe {

payment_router::behavior_type
payment_pool_behavior(payment_router::stateful_pointer<payment_router_state> self, size_t size,
                      crew<payment_worker, payment_router>::maker make) {
  self->state.workers.start(self, "payment_worker", size, std::move(make));
  self->set_down_handler([self](caf::down_msg& m) { self->state.workers.down(m); });
  self->set_exit_handler([self](caf::exit_msg& m) {
    self->state.workers.stop();
    self->quit(m.reason);
  });
  return {
      [self](incoming_event& e) -> caf::result<consumed> {
        if (const auto& worker = self->state.workers.of(e.key))
          return self->delegate(worker, std::move(e));
        return consumed{consumed::kind::unavailable, {}};
      },
      [self](charge& c) -> caf::result<charge_outcome> {
        if (const auto& worker = self->state.workers.of(c.order_id))
          return self->delegate(worker, std::move(c));
        return make_fault(fault::unavailable);
      },
      [self](settle_atom, charge& c) -> caf::result<charge_outcome> {
        if (const auto& worker = self->state.workers.of(c.order_id))
          return self->delegate(worker, settle_atom::value, std::move(c));
        return make_fault(fault::unavailable);
      },
      [self](tick_atom) { self->state.workers.mend(); },
  };
}

} // namespace troupe
