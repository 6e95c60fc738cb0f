#pragma once
// A simulation's scenario as TOML: one that travels inside the program, by its name, or a file.

#include "sim/scenario.hpp"

#include <string>
#include <vector>

namespace troupe {

/// Every mistake, each with its place: "peak.toml:3: load.rate: no such key". Empty: `plan` can be
/// played.
struct scenario_result {
  sim::scenario plan;
  std::vector<std::string> mistakes;
};

/// `name`: of a scenario of ours, or a path.
scenario_result read_scenario(const std::string& name);

/// What is wrong with a scenario whose keys are each in their bounds; empty: nothing.
std::vector<std::string> check_scenario(const sim::scenario& plan);

} // namespace troupe
