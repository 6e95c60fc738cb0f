#pragma once
// The state of every dependency, as last seen: written by whoever talks to it, read by /health.
// Callable from any thread.

#include <map>
#include <mutex>
#include <string>

namespace troupe {

enum class health { up, degraded, down };
std::string to_string(health h);

struct health_check {
  health state = health::down;
  std::string detail; ///< for the operator; never a connection string or a secret
};

class health_board {
public:
  /// `scope`: a service's name, as in its port's checks ("order", "payment", …).
  /// A change of state is logged once.
  void set(const std::string& scope, const std::string& name, health_check check);

  /// The checks of `scope`; of all, named "scope.name", when it is empty.
  std::map<std::string, health_check> checks(const std::string& scope) const;

  /// "starting", then "serving", then "draining": only a serving node is ready.
  void set_phase(std::string phase);
  std::string phase() const;

private:
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, health_check>> checks_;
  std::string phase_ = "starting";
};

} // namespace troupe
