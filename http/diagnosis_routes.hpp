#pragma once
// Why an order is where it is; see docs/api.md.

#include "http/backend.hpp"
#include "http/front.hpp"

namespace troupe::http {

/// GET /orders/:id/diagnosis. `b` outlives `f`.
void add_diagnosis_routes(front& f, const backend& b);

} // namespace troupe::http
