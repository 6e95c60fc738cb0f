#pragma once
// GET /orders/:id/diagnosis as JSON; see docs/api.md. Pure; callable from any thread.

#include "domain/diagnosis.hpp"
#include "http/views.hpp"

namespace troupe::http {

/// A part whose service did not answer is `{unavailable:true}`.
view diagnosis_view(const diagnosis& d);

} // namespace troupe::http
