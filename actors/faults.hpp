#pragma once
// What an actor's answer can go wrong with. Faults travel as `caf::error`s of the category
// "troupe"; http/fault_table.cpp has the one table that turns each into a status code.

#include "domain/lifecycle.hpp"

#include <caf/error.hpp>

#include <string>

namespace troupe {

enum class fault : uint8_t {
  none,
  not_found,           ///< no such order, product or notification, or somebody else's
  wrong_state,         ///< the order's state forbids it; nothing was written
  payment_in_progress, ///< cancel while a charge runs
  order_cancelled,     ///< pay a cancelled order
  impossible,          ///< an event that can never be right in this state: a dead letter
  key_reused,          ///< the Idempotency-Key belongs to another body
  busy,                ///< a queue is full: try again soon
  not_owner,           ///< another node owns the order's shard
  unavailable,         ///< a dependency is down, or this actor has just ended: try again
  quarantined,         ///< the order's actor keeps crashing: an operator has to look
  internal,            ///< a bug; the log says more
  id_taken,            ///< a product with this id exists
  moved_on,            ///< it no longer has the version that the change is meant for
  key_in_progress      ///< the Idempotency-Key's first request still runs: try again soon
};
std::string_view to_string(fault f);

/// `detail` is for the client: it names states and fields, never internals.
caf::error make_fault(fault f, std::string detail = {});

/// The fault in `e`: CAF's own errors (a dead receiver, a time-out) are `unavailable`.
fault fault_of(const caf::error& e);
std::string detail_of(const caf::error& e);

fault fault_from(refusal r);

/// The detail of the fault with which a worker ends whose incarnation was fenced.
inline constexpr std::string_view fenced_detail = "fenced";

} // namespace troupe
