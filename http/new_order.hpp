#pragma once
// POST /orders: read the order, let the catalogue price it, hand it on; answer 201 after its
// commit.

#include "http/backend.hpp"
#include "http/call.hpp"

namespace troupe::http {

/// The route's first step (see `route_step`).
void create_order(const backend& b, const doors& to, const call_ptr& c);

} // namespace troupe::http
