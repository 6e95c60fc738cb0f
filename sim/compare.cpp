#include "sim/compare.hpp"

#include "sim/report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe::sim {

namespace {

using nlohmann::json;

struct figure {
  std::string name;
  double value = 0;
};

struct run_figures {
  std::string about;
  std::vector<figure> figures;
};

/// Throws `std::runtime_error` with what is wrong.
json read_report(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file))
    throw std::runtime_error("cannot be read");
  auto report = json::parse(in, nullptr, false);
  if (!report.is_object() || !report.contains("version"))
    throw std::runtime_error("is no report of a simulation");
  if (report["version"] != report_version)
    throw std::runtime_error(fmt::format("has version {}, and this program knows version {}",
                                         report["version"].dump(), report_version));
  return report;
}

/// Throws `json::exception` where the report lacks something.
run_figures figures_of(const json& report) {
  const auto& run = report.at("run");
  const auto seconds = std::max(run.at("seconds").get<double>(), 1e-9);
  auto rate = [&](const json& count) { return count.get<double>() / seconds; };
  run_figures out{fmt::format("{}, {}, seed {}, {:.0f} s", run.at("scenario").get<std::string>(),
                              run.at("load").get<std::string>(), run.at("seed").get<uint64_t>(),
                              seconds),
                  {{"orders completed per second", rate(report.at("orders").at("COMPLETED"))}}};
  for (const auto& [name, call] : report.at("calls").items()) {
    const auto& latency = call.at("latency");
    out.figures.push_back({name + " ok per second", rate(call.at("outcomes").at("ok"))});
    out.figures.push_back({name + " errors per second", rate(call.at("errors"))});
    out.figures.push_back({name + " p50 ms", latency.at("p50Us").get<double>() / 1000});
    out.figures.push_back({name + " p99 ms", latency.at("p99Us").get<double>() / 1000});
  }
  return out;
}

std::optional<run_figures> figures_in(const std::filesystem::path& file, std::ostream& err) {
  try {
    return figures_of(read_report(file));
  } catch (const json::exception& e) {
    err << "troupe: " << file.string() << ": is not as a report should be: " << e.what() << "\n";
  } catch (const std::runtime_error& e) {
    err << "troupe: " << file.string() << ": " << e.what() << "\n";
  }
  return std::nullopt;
}

std::string ratio(double a, double b) {
  if (a != 0)
    return fmt::format("{:.3f}", b / a);
  return b == 0 ? "1.000" : "-";
}

} // namespace

int compare_reports(const std::filesystem::path& a, const std::filesystem::path& b,
                    std::ostream& out, std::ostream& err) {
  const auto in_a = figures_in(a, err), in_b = figures_in(b, err);
  if (!in_a || !in_b)
    return 2;
  out << "A: " << in_a->about << "\nB: " << in_b->about << "\n";
  out << fmt::format("{:<40} {:>12} {:>12} {:>9}\n", "", "A", "B", "B/A");
  for (const auto& [name, value] : in_a->figures) {
    const auto other = std::find_if(in_b->figures.begin(), in_b->figures.end(),
                                    [&](const figure& f) { return f.name == name; });
    if (other != in_b->figures.end())
      out << fmt::format("{:<40} {:>12.3f} {:>12.3f} {:>9}\n", name, value, other->value,
                         ratio(value, other->value));
  }
  return 0;
}

} // namespace troupe::sim
