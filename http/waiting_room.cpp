#include "http/waiting_room.hpp"

namespace troupe::http {

waiting_room::seat_ptr waiting_room::enter(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    if (count_ >= most_)
      return nullptr;
    ++by_key_[key];
    waiting_.Set(++count_);
  }
  return std::make_shared<seat>(shared_from_this(), key);
}

bool waiting_room::awaits(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return by_key_.contains(key);
}

void waiting_room::leave(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); --found->second == 0)
    by_key_.erase(found);
  waiting_.Set(--count_);
}

std::shared_ptr<waiting_room> make_room(int most, metrics& count, const std::string& kind) {
  return std::make_shared<waiting_room>(
      most, count.gauge("troupe_http_waiting", "Clients that wait for a change", {{"kind", kind}}));
}

} // namespace troupe::http
