#include "kafka-bridge/bus.hpp"

namespace troupe::kafka {

std::string group_of(service s) {
  return "troupe-" + std::string(to_string(s));
}

} // namespace troupe::kafka
