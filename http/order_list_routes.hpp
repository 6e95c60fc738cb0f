#pragma once
// The list of orders; see docs/api.md.

#include "http/backend.hpp"
#include "http/front.hpp"

namespace troupe::http {

/// GET /orders. `b` outlives `f`.
void add_order_list_routes(front& f, const backend& b);

} // namespace troupe::http
