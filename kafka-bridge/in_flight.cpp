#include "kafka-bridge/in_flight.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe::kafka {

size_t in_flight_list::weight(const event& e, const header_list& headers) {
  size_t bytes = e.key.size() + e.value.size();
  for (const auto& [name, value] : headers)
    bytes += name.size() + value.size();
  return bytes;
}

pending& in_flight_list::add(const event& e, header_list headers, uint64_t token) {
  const auto bytes = weight(e, headers);
  auto& p = events_.emplace_back(pending{e, std::move(headers), token, bytes, place::waiting, {}});
  p.self = std::prev(events_.end());
  bytes_ += bytes;
  ++placed_[static_cast<size_t>(place::waiting)];
  return p;
}

void in_flight_list::erase(pending& p) {
  --placed_[static_cast<size_t>(p.where)];
  bytes_ -= p.bytes;
  events_.erase(p.self);
}

void in_flight_list::move_to(pending& p, place where) {
  --placed_[static_cast<size_t>(p.where)];
  ++placed_[static_cast<size_t>(where)];
  p.where = where;
}

void in_flight_list::all_wait() {
  for (auto& p : events_)
    move_to(p, place::waiting);
}

pending* in_flight_list::first(place where) {
  const auto it = std::find_if(events_.begin(), events_.end(),
                               [where](const pending& p) { return p.where == where; });
  return it == events_.end() ? nullptr : &*it;
}

} // namespace troupe::kafka
