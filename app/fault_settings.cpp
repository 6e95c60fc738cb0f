#include "app/fault_settings.hpp"

#include "app/settings_file.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr int64_t day_ms = 86'400'000;
constexpr int64_t most_times = 1000;

/// "[troupe] kill" is how often `troupe.kill` comes, "kill_ms" how long it is held.
std::vector<setting> settings_of(sim::fault_plan& plan) {
  std::vector<setting> all{{"window", "from_ms", &plan.from_ms, 0, day_ms, {}},
                           {"window", "until_ms", &plan.until_ms, 0, day_ms, {}}};
  for (size_t i = 0; i < sim::fault_kinds.size(); ++i) {
    const auto& kind = sim::fault_kinds[i];
    const std::string name(kind.name);
    const auto dot = name.find('.');
    const auto section = name.substr(0, dot), key = name.substr(dot + 1);
    all.push_back({section, key, &plan.parts[i].times, 0, most_times, {}});
    if (!kind.mend.empty())
      all.push_back({section, key + "_ms", &plan.parts[i].hold_ms, 0, day_ms, {}});
  }
  return all;
}

} // namespace

fault_plan_result read_fault_plan(const std::string& name) {
  fault_plan_result result;
  const auto settings = settings_of(result.plan);
  const auto ours = sim::fault_plan_files();
  const auto found = std::find_if(ours.begin(), ours.end(),
                                  [&](const sim::toml_file& file) { return file.name == name; });
  if (found != ours.end())
    read_settings_file(name + ".toml", found->text, settings, nullptr, result.mistakes);
  else if (const auto text = text_of_file(name))
    read_settings_file(name, *text, settings, nullptr, result.mistakes);
  else
    result.mistakes.push_back(name + ": neither a file nor one of ours (all)");
  if (!result.mistakes.empty())
    return result;
  const auto& parts = result.plan.parts;
  if (result.plan.until_ms <= result.plan.from_ms)
    result.mistakes.push_back(name + ": window.until_ms: must be after window.from_ms");
  if (std::all_of(parts.begin(), parts.end(), [](const auto& part) { return part.times == 0; }))
    result.mistakes.push_back(name + ": plans no fault");
  return result;
}

} // namespace troupe
