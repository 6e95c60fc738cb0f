#pragma once
// What a simulation with faults has besides the load: a Troupe of its own in a folder, and what is
// to be done to it. Source: "Faults" in docs/simulation.md.

#include "app/config.hpp"
#include "sim/fault_plan.hpp"
#include "sim/local_system.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

class fault_rig {
public:
  /// Starts everything, which takes 10 s or so; SIGINT and SIGTERM, which must be blocked, end the
  /// start. `folder` empty: a fresh one; else it must be empty or not there. Throws
  /// `std::runtime_error`, also when nothing of the plan can be done here.
  fault_rig(const std::string& folder, const sim::fault_plan& plan, uint64_t seed, int nodes);

  const std::vector<sim::planned_fault>& plan() const { return plan_; }
  sim::breakable& system() { return *system_; }
  const std::vector<std::string>& urls() const { return system_->urls(); }
  /// What of the plan cannot be done here, and why; empty: all of it can.
  const std::string& skipped() const { return skipped_; }
  const std::filesystem::path& folder() const { return folder_; }
  /// What its databases can be audited with.
  const config& settings() const { return settings_; }

  /// Ends everything. False: not all of it ended in order.
  bool end() { return system_->end(); }
  /// After `end`: nobody needs the logs. Removes a fresh folder.
  void clear_up();

private:
  void await_ready(const sim::fault_plan& plan);

  bool fresh_;
  std::filesystem::path folder_;
  std::vector<sim::planned_fault> plan_;
  std::optional<sim::local_system> system_;
  std::string skipped_;
  config settings_;
};

} // namespace troupe
