#include "sim/fault_log.hpp"

#include <utility>

namespace troupe::sim {

size_t fault_log::fired(std::string kind, time_point now) {
  std::lock_guard lock(mutex_);
  faults_.push_back({.kind = std::move(kind),
                     .detail = {},
                     .fired = now,
                     .confirmed = std::nullopt,
                     .ended = std::nullopt,
                     .recovered = std::nullopt});
  return faults_.size() - 1;
}

void fault_log::confirmed(size_t fault, std::string detail, time_point now) {
  std::lock_guard lock(mutex_);
  faults_.at(fault).detail = std::move(detail);
  faults_.at(fault).confirmed = now;
  ++open_;
}

void fault_log::ended(size_t fault, time_point now) {
  std::lock_guard lock(mutex_);
  faults_.at(fault).ended = now;
}

void fault_log::order_placed(time_point wanted, time_point now) {
  if (open_ == 0)
    return;
  std::lock_guard lock(mutex_);
  for (auto& fault : faults_)
    if (fault.confirmed && !fault.recovered && *fault.confirmed < wanted) {
      fault.recovered = now;
      --open_;
    }
}

std::vector<fault_record> fault_log::all() const {
  std::lock_guard lock(mutex_);
  return faults_;
}

} // namespace troupe::sim
