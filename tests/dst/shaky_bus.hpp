#pragma once
// The doors to the event bus, over brokers and a network that fail.

#include "kafka-bridge/bus.hpp"
#include "tests/dst/world.hpp"

namespace troupe::dst {

class shaky_publisher : public kafka::event_publisher {
public:
  shaky_publisher(world& in, process_ptr of, kafka::publisher_callbacks tell);

  bool publish(const outgoing_event& e, uint64_t token) override;
  bool flush(std::chrono::milliseconds timeout) override { return inner_->flush(timeout); }
  bool connected() const override { return inner_->connected(); }
  size_t in_flight() const override { return inner_->in_flight(); }

private:
  world& in_;
  process_ptr of_;
  std::shared_ptr<kafka::event_publisher> inner_;
};

class shaky_consumer : public kafka::event_consumer {
public:
  shaky_consumer(world& in, process_ptr of, service s, kafka::consume_callback hand_out);

  void done(std::vector<kafka::record_token> finished) override;
  void pause_all() override { inner_->pause_all(); }
  void resume_all() override;
  void stop() override { inner_->stop(); }
  bool connected() const override { return inner_->connected(); }
  size_t assigned() const override { return inner_->assigned(); }

private:
  void take(std::vector<kafka::consumed_record> batch);
  bool buries(const kafka::consumed_record& r);

  world& in_;
  process_ptr of_;
  service service_;
  kafka::consume_callback hand_out_;
  std::unique_ptr<kafka::event_consumer> inner_;
};

/// Somebody joins the group of `s`, takes records, does nothing with them, and leaves.
void disturb_group(world& in, service s);

} // namespace troupe::dst
