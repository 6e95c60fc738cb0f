#pragma once
// GET /cluster: the nodes, and who owns which shard, as this node sees it. For the admin.

#include "http/backend.hpp"
#include "http/front.hpp"

namespace troupe::http {

void add_cluster_routes(front& f, const backend& b);

} // namespace troupe::http
