#pragma once
// The door to Kafka, one a node. Outward: publishes committed events in order and tells each
// journal what has been delivered. Inward: hands consumed records to their service, and reports a
// record done once its effect is committed, or it is parked or a dead letter. A record that is too
// busy to be applied is tried again with a growing delay; a database that is down pauses its
// service's partitions, nothing else does.
// Source: "Publishing" and "Consuming" in docs/protocols.md.

#include "actors/backoff.hpp"
#include "actors/interfaces.hpp"
#include "kafka-bridge/bus.hpp"
#include "telemetry/metrics.hpp"

#include <array>
#include <deque>
#include <map>

namespace troupe {

/// Makes a service's consumer, which hands its records to the callback. Called by the bridge.
using consumer_maker
    = std::function<std::unique_ptr<kafka::event_consumer>(service, kafka::consume_callback)>;
using publisher_maker
    = std::function<std::unique_ptr<kafka::event_publisher>(kafka::publisher_callbacks)>;

/// Where a service's records go.
struct consuming_service {
  service of = service::order;
  event_handler handler;
  inbox_actor inbox;
};

struct bridge_options {
  std::chrono::milliseconds record_limit{30000}; ///< of a busy record; then it is parked
  int crashes_to_dead_letter = 3;                ///< of the handler on one record
  /// Events in line past which repeats are dropped while Kafka is down. What is published for the
  /// first time is bounded by its outbox.
  size_t max_repeats_waiting = 100'000;
};

/// A record in work.
struct record_in_work {
  service of = service::order;
  kafka::consumed_record record;
  int crashes = 0;
  bool suspect = false; ///< its turn among the suspects
  caf::actor_clock::time_point first_try{};
  backoff delay{std::chrono::milliseconds(50), std::chrono::seconds(2)};
};
using record_ptr = std::shared_ptr<record_in_work>;
using consumed_batch = std::shared_ptr<std::vector<kafka::consumed_record>>;

/// `publication`: publish. The others come from Kafka's threads and from the bridge itself:
/// delivered tokens, a token that failed for good, records of a service, a record to try again,
/// `tick` to publish what did not fit, `rest` to end, `flush` to consume (once the services are
/// up). `ping`: do the brokers answer?
using bridge_actor
    = publisher_actor::extend<caf::reacts_to<std::vector<uint64_t>>,
                              caf::reacts_to<uint64_t, std::string>,
                              caf::reacts_to<int32_t, consumed_batch>, caf::reacts_to<record_ptr>,
                              caf::reacts_to<tick_atom>, caf::reacts_to<rest_atom, caf::error>,
                              caf::reacts_to<flush_atom, std::vector<consuming_service>>,
                              caf::replies_to<ping_atom>::with<bool>>;

class bridge_state {
public:
  using self_ptr = bridge_actor::stateful_pointer<bridge_state>;
  static inline const char* name = "kafka_bridge";

  void start(self_ptr self, const publisher_maker& make_publisher, consumer_maker make_consumer,
             bridge_options options, metrics& count);
  void consume(const std::vector<consuming_service>& services);
  void publish(publication&& p);
  void retry_publishing();
  void delivered(const std::vector<uint64_t>& tokens);
  void failed(uint64_t token, const std::string& error);
  void records(service from, std::vector<kafka::consumed_record>& batch);
  void try_record(const record_ptr& r);
  bool connected() const { return publisher_ && publisher_->connected(); }
  void stop();

private:
  struct source {
    consuming_service to;
    std::unique_ptr<kafka::event_consumer> consumer;
    size_t unavailable = 0; ///< records that wait for the database
    /// Records whose handler crashed: tried one at a time, so that the culprit is told from those
    /// that were only in the same batch.
    std::deque<record_ptr> suspects;
    bool trying_suspect = false;
  };

  /// An event that the publisher has not taken, or not yet delivered.
  struct pending {
    outgoing_event event;
    outbox_owner owner;
  };

  source& of(service s) { return sources_[static_cast<size_t>(s)]; }
  void publish_waiting();
  void outcome(const record_ptr& r, const consumed& what);
  void crashed(const record_ptr& r);
  void try_next_suspect(service s);
  void later(const record_ptr& r);
  void finished(const record_ptr& r);
  void park(const record_ptr& r);
  void bury(const record_ptr& r, const std::string& error);
  void await_database(const record_ptr& r);
  void database_is_back(const record_ptr& r);

  self_ptr self_ = nullptr;
  bridge_options options_;
  consumer_maker make_consumer_;
  std::unique_ptr<kafka::event_publisher> publisher_;
  std::array<source, 4> sources_;
  std::deque<pending> waiting_; ///< bounded by the outboxes' own limits
  std::map<uint64_t, std::pair<outbox_owner, position>> sent_;
  uint64_t next_token_ = 1;
  bool retrying_ = false;
  prometheus::Counter* publish_failed_ = nullptr;
};

bridge_actor::behavior_type bridge_behavior(bridge_state::self_ptr self,
                                            const publisher_maker& make_publisher,
                                            consumer_maker make_consumer, bridge_options options,
                                            metrics* count);

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::record_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::consumed_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::consuming_service)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<troupe::consuming_service>)
