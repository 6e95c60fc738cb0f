#pragma once
// Answers that are computed instead of stored: the order as it stood after an earlier step.

#include "domain/order.hpp"

namespace troupe {

/// `now` as it was at `version` (1 ≤ version ≤ now.version): status, payment status, history and
/// time of change come from the history entry that made it. A transaction that was captured later
/// is not shown yet.
order at_version(order now, int32_t version);

} // namespace troupe
