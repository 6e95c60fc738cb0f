#pragma once
// Asks each node of a cluster twice a second whether it is ready, and tells the balancer: as load
// balancers do. A node whose cluster is it alone is not asked. Keeps no loop going.

#include "sim/web_client.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace troupe::sim {

class node_probes {
public:
  static constexpr std::chrono::milliseconds pause{500}; ///< after an answer
  static constexpr std::chrono::milliseconds limit{2000};

  /// Begins at the loop's next turn. `client` must outlive it.
  explicit node_probes(web_client& client);
  ~node_probes();
  node_probes(const node_probes&) = delete;
  node_probes& operator=(const node_probes&) = delete;

private:
  struct probe {
    web_session session;
    std::optional<web_exchange> exchange = {};
    std::optional<load_loop::timer> next = {};
  };
  void send(size_t node);
  void send_at(size_t node, load_loop::time_point when);

  web_client& client_;
  std::vector<probe> probes_;
};

} // namespace troupe::sim
