#pragma once
// A plan of faults as TOML. Source: docs/simulation.md.

#include "sim/fault_plan.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// Every mistake, each with its place: "mine.toml:3: troupe.kil: no such key". Empty: `plan` can be
/// carried out.
struct fault_plan_result {
  sim::fault_plan plan;
  std::vector<std::string> mistakes;
};

/// `name`: one of sim/faults/, or a file. It is for so many `nodes`.
fault_plan_result read_fault_plan(const std::string& name, int64_t nodes = 1);

} // namespace troupe
