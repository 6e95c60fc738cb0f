#include "actors/health_monitor.hpp"

namespace troupe {

namespace {

constexpr std::chrono::seconds interval{2};
constexpr std::chrono::seconds patience{3};

/// Asks `who` and writes the answer; no answer in time counts as no.
template <class Actor>
void check(caf::event_based_actor* self, const Actor& who, health_board* board, service of,
           const std::string& name, health when_down) {
  auto set = [board, scope = std::string(to_string(of)), name, when_down](bool up) {
    board->set(scope, name,
               up ? health_check{health::up, ""}
                  : health_check{when_down, name + " does not answer"});
  };
  self->request(who, patience, ping_atom::value)
      .then([set](bool up) { set(up); }, [set](const caf::error&) { set(false); });
}

} // namespace

caf::behavior health_monitor(caf::event_based_actor* self, monitored what, health_board* board) {
  self->send(self, tick_atom::value);
  return {[self, what = std::move(what), board](tick_atom) {
    self->delayed_send(self, interval, tick_atom::value);
    check(self, what.orders, board, service::order, "database", health::down);
    for (const auto& [of, database] : what.databases)
      check(self, database, board, of, "database", health::down);
    for (auto of : {service::order, service::payment, service::inventory, service::emailing})
      check(self, what.kafka, board, of, "kafka", health::degraded);
    bool up = what.gateway->reachable();
    board->set("payment", "gateway",
               up ? health_check{health::up, ""}
                  : health_check{health::degraded, "the payment gateway does not answer"});
  }};
}

} // namespace troupe
