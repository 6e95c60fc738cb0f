#pragma once
// The one table from an actor's fault to what a client is told.

#include "actors/faults.hpp"
#include "http/problem.hpp"

#include <string>

namespace troupe::http {

/// `detail` is the fault's own, for the client. Faults that pass (busy, unavailable, quarantined)
/// are 503 with Retry-After.
problem problem_of(fault what, std::string detail);

} // namespace troupe::http
