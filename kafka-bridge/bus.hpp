#pragma once
// The two doors to the event bus as others see them: a publisher and a consumer. Kafka stands
// behind `producer` and `consumer`, memory behind `fake_bus`; one contract test runs on both.

#include "domain/event.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace troupe::kafka {

/// What a publisher tells. Called from the publisher's own thread, one call at a time, never from
/// within `publish`; must not block and must not throw. Each accepted event is told exactly once,
/// in `delivered` or in `failed`, unless the publisher is destroyed before.
struct publisher_callbacks {
  /// Tokens of events that the brokers hold durably, in no particular order.
  std::function<void(std::vector<uint64_t> tokens)> delivered;
  /// This event can never be published as it is (the brokers refuse its size or its form). Faults
  /// of brokers and network are not told here: those are tried again for ever.
  std::function<void(uint64_t token, std::string error)> failed;
};

/// Publishes at least once. Callable from any thread.
class event_publisher {
public:
  event_publisher() = default;
  event_publisher(const event_publisher&) = delete;
  event_publisher& operator=(const event_publisher&) = delete;
  virtual ~event_publisher() = default;

  /// Takes the event and tells of `token` later. False: the local queue is full (or briefly
  /// closed); nothing was taken, try again when something has been delivered.
  virtual bool publish(const outgoing_event& e, uint64_t token) = 0;
  /// Waits until nothing is in flight; false: `timeout` came first. Not to be called from a
  /// callback.
  virtual bool flush(std::chrono::milliseconds timeout) = 0;
  /// The brokers answered when last heard of. Readiness, not a promise.
  virtual bool connected() const = 0;
  /// Events taken and not yet told.
  virtual size_t in_flight() const = 0;
};

/// Names one record in work. `assignment` tells a partition's present turn from earlier ones, so
/// that late answers of an old turn are ignored.
struct record_token {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  uint64_t assignment = 0;
  bool operator==(const record_token&) const = default;
};

struct consumed_record {
  record_token token;
  incoming_event what;
};

/// Called from the consumer's own thread with one or more records, of a partition in offset order;
/// must not block (post to a mailbox) and must not throw.
using consume_callback = std::function<void(std::vector<consumed_record>)>;

/// At most this many records of a partition are handed out and not yet done.
constexpr size_t max_in_work = 250;

/// Consumes at least once: a record that was handed out and not reported done comes again, here
/// after a restart or elsewhere. Methods are callable from any thread and do not wait, except
/// `stop`.
class event_consumer {
public:
  event_consumer() = default;
  event_consumer(const event_consumer&) = delete;
  event_consumer& operator=(const event_consumer&) = delete;
  virtual ~event_consumer() = default;

  /// The effects of these records are committed, in any order. Unknown, repeated and late tokens
  /// are ignored.
  virtual void done(std::vector<record_token> finished) = 0;
  /// Nothing more is handed out (what is in work goes on) until `resume_all`; membership stays.
  virtual void pause_all() = 0;
  virtual void resume_all() = 0;
  /// Commits what is done, leaves the group, ends the thread. Bounded: about 4 s when no broker
  /// answers. A second call does nothing. Not to be called from the callback.
  virtual void stop() = 0;
  /// The brokers answered when last heard of. Readiness, not a promise.
  virtual bool connected() const = 0;
  /// Partitions that are this consumer's at the moment.
  virtual size_t assigned() const = 0;
};

/// The consumer group of a service: `troupe-<service>`.
std::string group_of(service s);
/// The topics that a service consumes.
std::vector<std::string> topics_of(service s);

} // namespace troupe::kafka
