#pragma once
// The description of the routes, for programs and for people: /openapi.yaml and /docs.

#include "http/front.hpp"

namespace troupe::http {

/// For every port; they need nothing behind them.
void add_document_routes(front& f);

} // namespace troupe::http
