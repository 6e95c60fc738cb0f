#pragma once
// The routes of a user's notifications; see docs/api.md.

#include "http/backend.hpp"
#include "http/front.hpp"

namespace troupe::http {

/// GET /notifications and their stream, PUT /notifications/:id/read. `b` outlives `f`.
void add_notification_routes(front& f, const backend& b);

} // namespace troupe::http
