#pragma once
// The routes of orders; see docs/api.md.

#include "http/backend.hpp"
#include "http/front.hpp"

namespace troupe::http {

/// POST /orders, GET /orders/:id and its stream, process-payment, cancel, dispatch, deliver. `b`
/// outlives `f`.
void add_order_routes(front& f, const backend& b);

} // namespace troupe::http
