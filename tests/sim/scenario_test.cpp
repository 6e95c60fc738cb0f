#include "app/simulation_settings.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace troupe {

TEST_CASE("every scenario that travels with the program can be played") {
  std::string names;
  for (const auto& file : sim::scenario_files()) {
    names.append(file.name).append(" ");
    CHECK(read_scenario(std::string(file.name)).mistakes.empty());
  }
  CHECK(names == "chaos flash-sale peak pollers smoke steady ");
  CHECK(read_scenario("flash-sale").plan.catalogue.stock == 500);
}

TEST_CASE("a scenario's mistakes are all named, each with its place") {
  const auto path = std::filesystem::temp_directory_path()
                    / ("troupe-scenario-" + std::to_string(getpid()) + ".toml");
  std::ofstream(path) << "[load]\nrate_per_minute = 0\nspeed = 2\n\n[kafka]\na = 1\n";
  const auto result = read_scenario(path.string());
  std::filesystem::remove(path);
  const auto at = path.string();
  CHECK(result.mistakes
        == std::vector<std::string>{at + ":5: kafka: no such section",
                                    at + ":2: load.rate_per_minute: must be from 1 to 6000000",
                                    at + ":3: load.speed: no such key"});
  CHECK(read_scenario("nothing").mistakes.size() == 1);
}

TEST_CASE("shares that cannot be had together are a mistake") {
  sim::scenario plan;
  CHECK(check_scenario(plan).empty());
  plan.customers.decline_percent = 99;
  plan.customers.stream_percent = 99;
  CHECK(check_scenario(plan).size() == 2);
}

} // namespace troupe
