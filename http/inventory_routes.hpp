#pragma once
// How the shop's owner makes and changes products; see docs/api.md. Their list is in
// http/catalogue_routes.hpp.

#include "http/backend.hpp"
#include "http/front.hpp"

namespace troupe::http {

/// POST /inventory, PUT /inventory/:id. `b` outlives `f`.
void add_inventory_routes(front& f, const backend& b);

} // namespace troupe::http
