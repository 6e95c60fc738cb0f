#pragma once
// What everybody in a simulation shares: the loop, the client, what is measured and remembered, the
// scenario and its products. Of the loop's thread.

#include "sim/ledger.hpp"
#include "sim/load_loop.hpp"
#include "sim/node_probes.hpp"
#include "sim/recorder.hpp"
#include "sim/scenario.hpp"
#include "sim/web_client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::sim {

struct scene {
  struct product {
    std::string id;
    cents price = 0;
  };

  /// `urls`: of the nodes' gateways.
  scene(const scenario& what, const std::vector<std::string>& urls)
      : plan(what), client(loop, urls) {}

  const scenario plan;
  load_loop loop;
  web_client client;
  node_probes probes{client};
  recorder* seen = nullptr; ///< null: what is done is no part of the load
  ledger book;
  uint64_t seed = 1;
  std::string run; ///< names the run's users and products: no other run's are touched
  std::string admin_token;
  std::vector<product> products;
  bool over = false; ///< nobody begins anything new

  std::string user(int64_t number) const { return "sim-" + run + "-" + std::to_string(number); }
  /// Whether an order is one of ours.
  bool is_ours(const std::string& user_id) const { return user_id.starts_with("sim-" + run + "-"); }
};

} // namespace troupe::sim
