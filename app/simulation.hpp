#pragma once
// `troupe sim`: plays a shop's customers and operators against a running Troupe and says whether it
// has kept its promises. Source: docs/simulation.md.

#include "app/config.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// The command line; what is not given is as the scenario says.
struct simulation_options {
  std::string scenario;                                   ///< a name of ours, or a file
  std::vector<std::string> urls{"http://127.0.0.1:3000"}; ///< of each node's gateway
  std::optional<uint64_t> seed;
  std::optional<double> speed, rate; ///< times as fast; customers a second
  std::optional<int64_t> customers, duration, settle;
  std::string report; ///< a folder; empty: none
  std::string admin_token_file;
  bool no_audit = false;
  std::string faults;           ///< a plan: its file, or a name of ours; empty: none
  std::optional<int64_t> nodes; ///< that are started for them; one by default
  std::string folder;           ///< of the Troupe that is started for them; empty: a fresh one
};

/// 0: every promise held, and all could be checked; 1: not; 2: wrong usage, or nobody is there.
/// The databases of the audit and the admin's token are the configuration's.
int run_simulation(const config& c, const simulation_options& how);

} // namespace troupe
