#pragma once
// The pages of web/: / is the shop's, /admin the operator's, /web/… what they load.

#include "http/front.hpp"

namespace troupe::http {

/// For the gateway's port; they need nothing behind them.
void add_web_routes(front& f);

} // namespace troupe::http
