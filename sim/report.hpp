#pragma once
// The report of a run: one JSON object for programs, and one page for people that holds the same
// object, charts and Chart.js, and asks nobody for anything. Source: docs/simulation.md.

#include "sim/balancer.hpp"
#include "sim/recorder.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace troupe::sim {

/// The version of the JSON's shape; another shape gets another number.
constexpr int report_version = 1;

/// What the run was, besides what was measured.
struct run_facts {
  std::string troupe_version;
  std::string scenario;
  uint64_t seed = 0;
  std::string target; ///< the URLs of the system under test, commas between
  std::vector<node_record> nodes;
  std::string load; ///< for people: "open, 200 orders/s", "closed, 500 customers"
  std::chrono::system_clock::time_point started;
  bool ended_early = false;
  bool passed = false;         ///< every promise held, and everything could be checked
  uint64_t orders_checked = 0; ///< at the end, against the server
  uint64_t violation_count = 0;
  std::vector<std::string> violations; ///< the first of them, each with its order's history
};

/// The shape is in docs/simulation.md. `seen` is finished.
nlohmann::json report_json(const run_facts& run, const recorder& seen);

/// The page of a report. Whatever text the report holds is shown as text.
std::string report_page(const nlohmann::json& report);

/// Writes DIR/report.json and DIR/report.html and makes DIR, each file whole or not at all. Throws
/// `std::system_error` that names the file or folder.
void write_report(const std::filesystem::path& folder, const nlohmann::json& report);

} // namespace troupe::sim
