#pragma once
// The admin's figures; see docs/api.md.

#include "http/backend.hpp"
#include "http/front.hpp"

namespace troupe::http {

/// GET /analytics/orders. `b` outlives `f`.
void add_analytics_routes(front& f, const backend& b);

} // namespace troupe::http
