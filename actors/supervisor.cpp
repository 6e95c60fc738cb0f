#include "actors/supervisor.hpp"

#include "actors/backoff.hpp"
#include "telemetry/log.hpp"

namespace troupe {

caf::behavior leaf_supervisor(caf::event_based_actor* self, const std::function<caf::actor()>& make,
                              std::string what) {
  struct care {
    caf::actor child;
    restart_delay delay{std::chrono::seconds(30)};
  };
  auto state = std::make_shared<care>();
  self->set_down_handler([self, state, what](caf::down_msg& gone) {
    log::error("actor.crashed", {{"actor", what}, {"reason", self->system().render(gone.reason)}});
    self->delayed_send(self, state->delay.next(self->clock().now()), tick_atom::value);
  });
  self->set_exit_handler([self, state](caf::exit_msg& m) {
    self->send_exit(state->child, caf::exit_reason::user_shutdown);
    state->child = nullptr;
    self->quit(m.reason);
  });
  self->send(self, tick_atom::value);
  return {[self, state, make](tick_atom) {
    state->child = make();
    self->monitor(state->child);
  }};
}

caf::behavior watcher(caf::event_based_actor* self, const std::vector<caf::actor>& watched,
                      std::function<void()> broken) {
  for (const auto& w : watched)
    self->monitor(w);
  self->set_down_handler([self, broken = std::move(broken)](caf::down_msg& gone) {
    log::error("node.broken", {{"reason", self->system().render(gone.reason)}});
    broken();
    self->quit();
  });
  return {[](tick_atom) {}};
}

} // namespace troupe
