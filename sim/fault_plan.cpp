#include "sim/fault_plan.hpp"

#include "domain/chance.hpp"

#include <algorithm>
#include <utility>

namespace troupe::sim {

using std::chrono::milliseconds;

std::vector<std::string_view> network_kinds(const fault_plan& plan) {
  std::vector<std::string_view> names;
  for (size_t kind = 0; kind < fault_kinds.size(); ++kind)
    if (plan.parts[kind].times > 0 && fault_kinds[kind].of_network())
      names.push_back(fault_kinds[kind].name);
  return names;
}

fault_plan without_network(fault_plan plan) {
  for (size_t kind = 0; kind < fault_kinds.size(); ++kind)
    if (fault_kinds[kind].of_network())
      plan.parts[kind].times = 0;
  return plan;
}

bool plans_nothing(const fault_plan& plan) {
  return std::all_of(plan.parts.begin(), plan.parts.end(),
                     [](const auto& part) { return part.times == 0; });
}

std::vector<planned_fault> schedule(const fault_plan& plan, uint64_t seed, int nodes) {
  chance random(seed);
  std::vector<planned_fault> faults;
  for (size_t kind = 0; kind < fault_kinds.size(); ++kind)
    for (int64_t i = 0; i < plan.parts[kind].times; ++i)
      faults.push_back({kind, milliseconds(0), milliseconds(plan.parts[kind].hold_ms)});
  for (size_t i = faults.size(); i > 1; --i)
    std::swap(faults[i - 1], faults[static_cast<size_t>(random.below(static_cast<int>(i)))]);
  const auto count = static_cast<double>(std::max<size_t>(faults.size(), 1));
  const auto each = static_cast<double>(plan.until_ms - plan.from_ms) / count;
  for (size_t i = 0; i < faults.size(); ++i)
    faults[i].at = milliseconds(
        plan.from_ms + static_cast<int64_t>(each * (static_cast<double>(i) + random.unit() / 2)));
  for (auto& fault : faults)
    if (fault_kinds[fault.kind].of_node())
      fault.node = random.below(nodes);
  return faults;
}

} // namespace troupe::sim
