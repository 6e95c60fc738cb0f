#include "telemetry/health.hpp"

#include "telemetry/log.hpp"

namespace troupe {

std::string to_string(health h) {
  switch (h) {
    case health::up:
      return "up";
    case health::degraded:
      return "degraded";
    case health::down:
      return "down";
  }
  return "down";
}

void health_board::set(const std::string& scope, const std::string& name, health_check check) {
  std::lock_guard guard(mutex_);
  auto [it, fresh] = checks_[scope].try_emplace(name, check);
  if (!fresh && it->second.state != check.state)
    log::write(check.state == health::up ? log::level::info : log::level::warn, "health.changed",
               {{"service", scope},
                {"dependency", name},
                {"from", to_string(it->second.state)},
                {"to", to_string(check.state)},
                {"detail", check.detail}});
  it->second = std::move(check);
}

std::map<std::string, health_check> health_board::checks(const std::string& scope) const {
  std::lock_guard guard(mutex_);
  std::map<std::string, health_check> result;
  for (const auto& [owner, checks] : checks_)
    for (const auto& [name, check] : checks)
      if (scope.empty())
        result[std::string(owner).append(".").append(name)] = check;
      else if (owner == scope)
        result[name] = check;
  return result;
}

void health_board::set_phase(std::string phase) {
  std::lock_guard guard(mutex_);
  log::info("node." + phase);
  phase_ = std::move(phase);
}

std::string health_board::phase() const {
  std::lock_guard guard(mutex_);
  return phase_;
}

} // namespace troupe
