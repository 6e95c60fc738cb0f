#pragma once
// Two reports side by side: B ÷ A of each figure. Source: docs/simulation.md.

#include <filesystem>
#include <iosfwd>

namespace troupe::sim {

/// Reads two `report.json` and prints the ratios of throughput, latencies and errors to `out`.
/// Returns 0; or 2 when a file is unreadable, no report, or of another version, said on `err`.
int compare_reports(const std::filesystem::path& a, const std::filesystem::path& b,
                    std::ostream& out, std::ostream& err);

} // namespace troupe::sim
