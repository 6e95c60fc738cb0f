#pragma once
// The routes of dead letters and parked events; see docs/api.md.

#include "domain/letter_id.hpp"
#include "http/backend.hpp"
#include "http/front.hpp"

#include <optional>

namespace troupe::http {

/// GET /dead-letters, POST /dead-letters/:id/replay, DELETE /dead-letters/:id. `of`: whose, on a
/// service's own port; none: all services'. `b` outlives `f`.
void add_letter_routes(front& f, const backend& b, std::optional<service> of);

} // namespace troupe::http
