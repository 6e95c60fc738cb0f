#include "actors/event_pool.hpp"

namespace troupe {

event_pool::behavior_type event_pool_behavior(event_pool::stateful_pointer<event_pool_state> self,
                                              std::string kind, size_t size,
                                              crew<event_handler, event_pool>::maker make) {
  self->state.workers.start(self, std::move(kind), size, std::move(make));
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
      [self](tick_atom) { self->state.workers.mend(); },
  };
}

} // namespace troupe
