#pragma once
// A node's parts as configured: PostgreSQL, Kafka, the payment gateway and the mail spool behind
// the interfaces that the actors know.

#include "actors/node.hpp"
#include "app/config.hpp"
#include "kafka-bridge/options.hpp"

#include <cstdint>
#include <string>

namespace troupe {

kafka::options kafka_options(const config& c);

/// `gateway_url`: of the embedded simulator or of the configured gateway. `count` and `health`
/// outlive the parts.
node_parts make_parts(const config& c, int64_t incarnation, const std::string& gateway_url,
                      metrics& count, health_board& health);

} // namespace troupe
