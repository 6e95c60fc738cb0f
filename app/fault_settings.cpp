#include "app/fault_settings.hpp"

#include "app/settings_file.hpp"

namespace troupe {

namespace {

constexpr int64_t day_ms = 86'400'000;
constexpr int64_t most_times = 1000;

/// "[troupe] kill" is how often `troupe.kill` comes, "kill_ms" how long it is held.
std::vector<setting> settings_of(sim::fault_plan& plan) {
  std::vector<setting> all{{"window", "from_ms", &plan.from_ms, 0, day_ms, {}},
                           {"window", "until_ms", &plan.until_ms, 0, day_ms, {}}};
  for (size_t i = 0; i < sim::fault_kinds.size(); ++i) {
    const std::string name(sim::fault_kinds[i].name);
    const auto dot = name.find('.');
    const auto section = name.substr(0, dot), key = name.substr(dot + 1);
    all.push_back({section, key, &plan.parts[i].times, 0, most_times, {}});
    all.push_back({section, key + "_ms", &plan.parts[i].hold_ms, 0, day_ms, {}});
  }
  return all;
}

} // namespace

fault_plan_result read_fault_plan(const std::string& name, const std::filesystem::path& ours) {
  fault_plan_result result;
  auto file = name;
  auto text = text_of_file(file);
  if (!text) {
    file = (ours / (name + ".toml")).string();
    text = text_of_file(file);
  }
  if (!text) {
    result.mistakes.push_back(name + ": neither a file nor the name of one in " + ours.string());
    return result;
  }
  read_settings_file(file, *text, settings_of(result.plan), nullptr, result.mistakes);
  if (result.mistakes.empty() && result.plan.until_ms <= result.plan.from_ms)
    result.mistakes.push_back(file + ": window.until_ms: must be after window.from_ms");
  return result;
}

} // namespace troupe
