#include "app/commands.hpp"
#include "app/signals.hpp"
#include "app/simulator.hpp"
#include "persistence/migrations.hpp"
#include "persistence/store_error.hpp"
#include "telemetry/log.hpp"

#include <cstdio>
#include <system_error>

namespace troupe {

std::unique_ptr<sim::gateway_simulator> make_simulator(const config& c, bool trouble) {
  sim::gateway_simulator_options options;
  options.bind = c.server.bind;
  options.port = static_cast<uint16_t>(c.payment.simulator_port);
  options.hosts = c.server.hosts;
  options.conninfo = c.databases.gateway;
  options.latency_min = std::chrono::milliseconds(c.payment.latency_min_ms);
  options.latency_max = std::chrono::milliseconds(c.payment.latency_max_ms);
  options.trouble = trouble;
  return std::make_unique<sim::gateway_simulator>(options);
}

int run_gateway_simulator(const config& c, bool trouble) {
  if (c.databases.gateway.empty()) {
    log::error("config.wrong", {{"mistake", "databases.gateway: is needed"}});
    return 2;
  }
  try {
    migrate(database::gateway, c.databases.gateway);
    auto simulator = make_simulator(c, trouble);
    std::printf("ready: the payment gateway simulator is at %s\n", simulator->url().c_str());
    std::fflush(stdout);
    while (!await_ending_signal(std::chrono::hours(1)))
      continue;
    simulator->stop();
    return 0;
  } catch (const store_error& e) {
    log::error("gateway_sim.failed", {{"error", e.what()}});
  } catch (const std::system_error& e) {
    log::error("gateway_sim.failed", {{"error", e.what()}});
  }
  return 1;
}

} // namespace troupe
