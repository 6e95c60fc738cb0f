#pragma once
// The payment gateway simulator as configured: embedded in `serve`, or alone.

#include "app/config.hpp"
#include "sim/gateway_simulator.hpp"

#include <memory>

namespace troupe {

/// Listens on `server.bind`. `trouble`: it can be told to fail. Throws as the simulator's
/// constructor.
std::unique_ptr<sim::gateway_simulator> make_simulator(const config& c, bool trouble = false);

} // namespace troupe
