#pragma once
// The network between nodes, as configured.

#include "actors/cluster_net.hpp"
#include "app/config.hpp"

#include <string>
#include <vector>

namespace troupe {

cluster_net_options cluster_net_options_of(const config& c);

/// What is wrong with the PEM files of the cluster, each with its key. CAF looks into them when the
/// first peer connects, and ends the process over what it cannot read.
std::vector<std::string> mistakes_in_certificates(const config& c);

} // namespace troupe
