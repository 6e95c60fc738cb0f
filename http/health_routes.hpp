#pragma once
// Health and metrics, on every port; see docs/api.md. Answered from memory, also while starting.

#include "http/front.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

#include <string>
#include <string_view>

namespace troupe::http {

/// GET /health, /health/live, /health/ready, /metrics. `scope`: whose checks this port shows, a
/// service's name, or empty for all. Both references outlive `f`.
void add_health_routes(front& f, const health_board& board, const metrics& counters,
                       std::string scope);

/// The pattern is one of these: probes and scrapes are answered whatever the load.
bool is_health_route(std::string_view pattern);

/// What `front_options::on_access` calls: counts requests by route, method and status class,
/// measures how long they took, and writes the access log (level debug). `counters` outlives it.
std::function<void(const access&)> count_access(metrics& counters, std::string server);

/// What `front_options::on_cut_off` calls. `counters` outlives it.
std::function<void()> count_cut_off(metrics& counters, const std::string& server);

} // namespace troupe::http
