#pragma once
// Asks every dependency each two seconds whether it answers, and writes the health board.

#include "actors/kafka_bridge.hpp"
#include "outside/payment_gateway.hpp"
#include "telemetry/health.hpp"

namespace troupe {

/// What is asked. A database that is down makes its service unready; Kafka and the payment gateway
/// only degrade: orders go on without them.
struct monitored {
  order_reader orders;
  std::map<service, inbox_actor> databases; ///< of payment, inventory and emailing
  bridge_actor kafka;
  std::shared_ptr<payment_gateway> gateway;
};

caf::behavior health_monitor(caf::event_based_actor* self, monitored what, health_board* board);

} // namespace troupe
