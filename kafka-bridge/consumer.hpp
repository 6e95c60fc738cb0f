#pragma once
// The consumer on Kafka: one member of one group, own thread. Offsets are committed after the
// effects, up to the lowest record in work: every commit interval, when partitions are revoked and
// at the stop. Gauges troupe_kafka_consumer_lag{group,topic,partition} and
// troupe_kafka_consumer_in_work{group}, counter troupe_kafka_consumed_total{group}.

#include "kafka-bridge/bus.hpp"
#include "kafka-bridge/options.hpp"
#include "telemetry/metrics.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::kafka {

struct consumer_settings {
  std::string group; ///< see `group_of`
  std::vector<std::string> topics;
  std::chrono::milliseconds commit_interval{500};
  size_t batch = 256; ///< records of one callback at most
};

class consumer final : public event_consumer {
public:
  /// Joins the group at once; records may be handed out before the constructor returns. Expects
  /// options in which `validate` finds no mistake; `std::invalid_argument` if librdkafka refuses
  /// them all the same. Brokers that are away are no error.
  consumer(const options& o, consumer_settings settings, consume_callback hand_out, metrics& count);
  /// As `stop`.
  ~consumer() override;

  void done(std::vector<record_token> finished) override;
  void pause_all() override;
  void resume_all() override;
  void stop() override;
  bool connected() const override;
  size_t assigned() const override;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::kafka
