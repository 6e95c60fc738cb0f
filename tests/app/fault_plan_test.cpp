#include "app/fault_settings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

using namespace troupe;

namespace {

/// A folder of plans that goes with the test.
struct plans {
  std::filesystem::path path = std::filesystem::temp_directory_path()
                               / ("troupe-plans-" + std::to_string(std::random_device{}()));
  plans() { std::filesystem::create_directories(path); }
  ~plans() { std::filesystem::remove_all(path); }

  fault_plan_result read(const std::string& text) const {
    std::ofstream(path / "mine.toml") << text;
    return read_fault_plan("mine", path);
  }
};

sim::fault_plan::part part_of(const sim::fault_plan& plan, std::string_view kind) {
  const auto at = std::find_if(sim::fault_kinds.begin(), sim::fault_kinds.end(),
                               [&](const sim::fault_kind& k) { return k.name == kind; });
  return plan.parts.at(static_cast<size_t>(at - sim::fault_kinds.begin()));
}

} // namespace

TEST_CASE("a plan says how often each fault comes and how long it is held") {
  plans ours;
  const auto read = ours.read("[window]\nfrom_ms = 10\nuntil_ms = 20\n[troupe]\nkill = 2\n"
                              "[postgres]\nfreeze = 1\nfreeze_ms = 500\n");
  CHECK(read.mistakes.empty());
  CHECK(read.plan.from_ms == 10);
  CHECK(read.plan.until_ms == 20);
  CHECK(part_of(read.plan, "troupe.kill").times == 2);
  CHECK(part_of(read.plan, "postgres.freeze").times == 1);
  CHECK(part_of(read.plan, "postgres.freeze").hold_ms == 500);
  CHECK(part_of(read.plan, "kafka.kill").times == 0);
}

TEST_CASE("what is wrong with a plan is named with its place") {
  plans ours;
  const auto file = (ours.path / "mine.toml").string();
  const auto read = ours.read("[troupe]\nkil = 1\nkill = -1\n[redis]\nstop = 1\n");
  REQUIRE(read.mistakes.size() == 3);
  CHECK(std::count_if(read.mistakes.begin(), read.mistakes.end(),
                      [&](const std::string& mistake) { return mistake.starts_with(file + ":"); })
        == 3);
  CHECK(ours.read("[window]\nfrom_ms = 5\nuntil_ms = 5\n").mistakes
        == std::vector<std::string>{file + ": window.until_ms: must be after window.from_ms"});
  CHECK(read_fault_plan("nothing", ours.path).mistakes
        == std::vector<std::string>{"nothing: neither a file nor the name of one in "
                                    + ours.path.string()});
}
