#pragma once
// What a simulation with faults has besides the load: a Troupe of its own in a folder, and the one
// who breaks it. Source: "Faults" in docs/simulation.md.

#include "app/config.hpp"
#include "sim/fault_runner.hpp"
#include "sim/local_system.hpp"
#include "sim/recorder.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

class fault_rig {
public:
  /// The checkout that this program was built in. Throws `std::runtime_error` when it is elsewhere.
  static std::filesystem::path checkout();

  /// Starts everything; 10 s or so. `folder` empty: a fresh one. Throws `std::runtime_error`.
  fault_rig(const std::string& folder, std::vector<sim::planned_fault> plan);
  /// Ends everything in order.
  ~fault_rig();
  fault_rig(const fault_rig&) = delete;
  fault_rig& operator=(const fault_rig&) = delete;

  const std::string& url() const { return system_->url(); }
  const std::filesystem::path& folder() const { return folder_; }
  /// What its databases can be audited with.
  const config& settings() const { return settings_; }
  /// Nobody needs the logs: a fresh folder goes at the end.
  void clear_up() { goes_ = fresh_; }

  /// Begins with the faults, at the first call; their moments count from the recorder's start.
  void begin(sim::recorder& seen);
  /// Whether all faults have been done and mended.
  bool done() const { return runner_ && runner_->done(); }
  /// No fault any more; what is broken is mended.
  void stop();
  /// After `stop`: what did not go as planned.
  std::vector<std::string> complaints() const;

private:
  std::filesystem::path folder_;
  bool fresh_, goes_ = false;
  std::vector<sim::planned_fault> plan_;
  std::optional<sim::local_system> system_;
  config settings_;
  std::optional<sim::fault_runner> runner_;
};

} // namespace troupe
