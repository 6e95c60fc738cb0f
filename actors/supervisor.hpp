#pragma once
// Two small supervisors: one makes a leaf again whenever it dies, one reports the death of anything
// that the rest hangs on.

#include "actors/interfaces.hpp"

#include <functional>

namespace troupe {

/// Makes its child at once, and again with a growing delay whenever it dies. An exit message ends
/// both. `what` names the child in the log.
caf::behavior leaf_supervisor(caf::event_based_actor* self, const std::function<caf::actor()>& make,
                              std::string what);

/// Calls `broken` once when one of `watched` dies before this actor does.
caf::behavior watcher(caf::event_based_actor* self, const std::vector<caf::actor>& watched,
                      std::function<void()> broken);

} // namespace troupe
