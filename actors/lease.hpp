#pragma once
// May this node serve orders, right now? Written by the membership keeper, asked at every use: a
// message that says "no more" may come too late to a process that was stopped and woken again.
// Thread-safe.

#include "domain/membership.hpp"

#include <atomic>
#include <memory>

namespace troupe {

enum class standing : uint8_t {
  owner,      ///< owns the shards, and its lease holds
  standby,    ///< another node owns them
  lease_over, ///< somebody may have fenced this node: it knows nothing for certain
};

class lease {
public:
  /// One that never ends, of the only owner: for a node without others.
  static std::shared_ptr<lease> unlimited() {
    auto made = std::make_shared<lease>();
    made->extend(monotonic::max());
    made->owns_shards(true);
    return made;
  }

  standing now() const { return at(std::chrono::steady_clock::now()); }

  /// As far as it has been extended by now.
  standing at(monotonic when) const {
    if (when.time_since_epoch().count() >= until_)
      return standing::lease_over;
    return owns_ ? standing::owner : standing::standby;
  }

  void extend(monotonic until) { until_ = until.time_since_epoch().count(); }
  void owns_shards(bool owns) { owns_ = owns; }

private:
  std::atomic<monotonic::rep> until_ = 0;
  std::atomic<bool> owns_ = false;
};

} // namespace troupe
