#pragma once
// The routes of the catalogue and of the admin's inventory; see docs/api.md.

#include "http/backend.hpp"
#include "http/front.hpp"

namespace troupe::http {

/// GET /products, GET /products/:id, GET /inventory, GET /inventory/:id/ledger. `b` outlives `f`.
void add_catalogue_routes(front& f, const backend& b);

} // namespace troupe::http
