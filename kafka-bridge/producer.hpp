#pragma once
// The publisher on Kafka: idempotent, acks=all, no message time-out. It keeps every event until
// its delivery report, so that a producer that has turned fatal is replaced and loses nothing.
// Own thread: reports, replacement, reconnect probes. Counts troupe_kafka_published_total,
// troupe_kafka_publish_failed_total, troupe_kafka_publish_queue,
// troupe_kafka_producer_replaced_total.

#include "kafka-bridge/bus.hpp"
#include "kafka-bridge/options.hpp"
#include "telemetry/metrics.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::kafka {

struct producer_limits {
  size_t events = 100'000;     ///< in flight at most
  size_t bytes = 64ULL << 20U; ///< of keys, values and headers in flight at most
};

class producer final : public event_publisher {
public:
  /// Events wait until all of `topics` are there: the brokers would make one that they are asked
  /// for with partitions of their own liking. Then their metadata is fetched at once, so that the
  /// first event does not wait for it. Expects options in which `validate` finds no mistake;
  /// `std::invalid_argument` if librdkafka refuses them all the same. Brokers that are away are no
  /// error.
  producer(const options& o, publisher_callbacks tell, metrics& count,
           std::vector<std::string> topics, producer_limits limits = {});
  /// Ends without waiting for reports (call `flush` before); none is told afterwards.
  ~producer() override;

  bool publish(const outgoing_event& e, uint64_t token) override;
  bool flush(std::chrono::milliseconds timeout) override;
  bool connected() const override;
  size_t in_flight() const override;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::kafka
