#include "kafka-bridge/in_work.hpp"

#include <algorithm>
#include <stdexcept>

namespace troupe::kafka {

void in_work::taken(int64_t offset) {
  if (offset < next_)
    throw std::logic_error("an offset was taken twice in one turn");
  slots_.push_back({offset, false});
  ++count_;
  next_ = offset + 1;
}

bool in_work::done(int64_t offset) {
  const auto it = std::lower_bound(slots_.begin(), slots_.end(), offset,
                                   [](const slot& s, int64_t o) { return s.offset < o; });
  if (it == slots_.end() || it->offset != offset || it->done)
    return false;
  it->done = true;
  --count_;
  while (!slots_.empty() && slots_.front().done)
    slots_.pop_front();
  return true;
}

std::optional<int64_t> in_work::committable() const {
  if (!slots_.empty())
    return slots_.front().offset;
  return next_ > 0 ? std::optional(next_) : std::nullopt;
}

void work_table::assign(const partition_id& p, uint64_t assignment) {
  partitions_.insert_or_assign(p, state{in_work(assignment, limit_), std::nullopt, false});
}

void work_table::clear() {
  partitions_.clear();
  full_.clear();
  relaxed_.clear();
}

size_t work_table::count() const {
  size_t sum = 0;
  for (const auto& [p, s] : partitions_)
    sum += s.work.count();
  return sum;
}

std::vector<partition_id> work_table::partitions() const {
  std::vector<partition_id> out;
  out.reserve(partitions_.size());
  for (const auto& [p, s] : partitions_)
    out.push_back(p);
  return out;
}

std::optional<record_token> work_table::taken(const partition_id& p, int64_t offset,
                                              uint64_t fresh) {
  const auto it = partitions_.find(p);
  if (it == partitions_.end())
    return std::nullopt;
  auto& s = it->second;
  if (offset < s.work.next())
    s = state{in_work(fresh, limit_), std::nullopt, s.paused};
  s.work.taken(offset);
  if (s.work.full() && !s.paused) {
    s.paused = true;
    full_.push_back(p);
  }
  return record_token{p.first, p.second, offset, s.work.assignment()};
}

bool work_table::done(const record_token& t) {
  const auto it = partitions_.find(partition_id(t.topic, t.partition));
  if (it == partitions_.end() || it->second.work.assignment() != t.assignment)
    return false;
  auto& s = it->second;
  if (!s.work.done(t.offset))
    return false;
  if (s.paused && s.work.relaxed()) {
    s.paused = false;
    relaxed_.push_back(it->first);
  }
  return true;
}

std::vector<partition_id> work_table::take_full() {
  return std::exchange(full_, {});
}

std::vector<partition_id> work_table::take_relaxed() {
  return std::exchange(relaxed_, {});
}

bool work_table::paused(const partition_id& p) const {
  const auto it = partitions_.find(p);
  return it != partitions_.end() && it->second.paused;
}

std::vector<work_table::offset_of> work_table::to_commit() const {
  std::vector<offset_of> out;
  for (const auto& [p, s] : partitions_)
    if (const auto offset = s.work.committable(); offset && offset != s.committed)
      out.push_back({p, *offset});
  return out;
}

bool work_table::all_committed() const {
  return std::all_of(partitions_.begin(), partitions_.end(), [](const auto& each) {
    const auto offset = each.second.work.committable();
    return !offset || offset == each.second.committed;
  });
}

void work_table::committed(const partition_id& p, int64_t offset) {
  if (const auto it = partitions_.find(p); it != partitions_.end())
    it->second.committed = offset;
}

std::vector<work_table::offset_of> work_table::standing() const {
  std::vector<offset_of> out;
  for (const auto& [p, s] : partitions_)
    if (const auto offset = s.work.committable())
      out.push_back({p, *offset});
  return out;
}

} // namespace troupe::kafka
