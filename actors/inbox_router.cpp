#include "actors/inbox_router.hpp"

namespace troupe {

inbox_router::behavior_type
inbox_router_behavior(inbox_router::stateful_pointer<inbox_router_state> self,
                      crew<inbox_actor, inbox_router>::maker make) {
  self->state.keeper.start(self, "inbox_keeper", 1, std::move(make));
  self->set_down_handler([self](caf::down_msg& m) { self->state.keeper.down(m); });
  self->set_exit_handler([self](caf::exit_msg& m) {
    self->state.keeper.stop();
    self->quit(m.reason);
  });
  auto keeper = [self]() -> const inbox_actor& { return self->state.keeper.all().front(); };
  return {
      [self, keeper](park_atom, parked_event& e) -> caf::result<bool> {
        if (keeper())
          return self->delegate(keeper(), park_atom::value, std::move(e));
        return make_fault(fault::unavailable);
      },
      [self, keeper](bury_atom, dead_letter& letter) -> caf::result<bool> {
        if (keeper())
          return self->delegate(keeper(), bury_atom::value, std::move(letter));
        return make_fault(fault::unavailable);
      },
      [self, keeper](ping_atom) -> caf::result<bool> {
        if (keeper())
          return self->delegate(keeper(), ping_atom::value);
        return false;
      },
      [self](tick_atom) { self->state.keeper.mend(); },
  };
}

} // namespace troupe
