#include "app/fault_settings.hpp"

#include "app/settings_file.hpp"

#include <fmt/format.h>

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

std::string our_plans() {
  std::string names;
  for (const auto& file : sim::fault_plan_files())
    names.append(names.empty() ? "" : ", ").append(file.name);
  return names;
}

/// What is wrong with a plan whose keys are each in their bounds; empty: nothing.
std::vector<std::string> check_plan(const sim::fault_plan& plan, int64_t nodes) {
  std::vector<std::string> wrong;
  if (plan.until_ms <= plan.from_ms)
    wrong.emplace_back("window.until_ms: must be after window.from_ms");
  if (sim::plans_nothing(plan))
    wrong.emplace_back("plans no fault");
  for (size_t i = 0; i < sim::fault_kinds.size(); ++i)
    if (plan.parts[i].times > 0 && sim::fault_kinds[i].between_nodes() && nodes < 2)
      wrong.push_back(fmt::format("{}: needs --nodes 2 or more", sim::fault_kinds[i].name));
  return wrong;
}

} // namespace

fault_plan_result read_fault_plan(const std::string& name, int64_t nodes) {
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
    result.mistakes.push_back(name + ": neither a file nor one of " + our_plans());
  if (result.mistakes.empty())
    for (const auto& mistake : check_plan(result.plan, nodes))
      result.mistakes.push_back(fmt::format("{}: {}", name, mistake));
  return result;
}

} // namespace troupe
