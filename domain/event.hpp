#pragma once
// What services tell each other over Kafka: topics, the events a step yields, and their identity.

#include "domain/ids.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// ISO 8601 UTC with milliseconds, as all answers and events write times.
std::string to_iso8601(timestamp at);

enum class service : uint8_t { order, payment, inventory, emailing };
std::string_view to_string(service s);

namespace topic {
inline constexpr std::string_view order_created = "order-created";
inline constexpr std::string_view payment_success = "payment-success";
inline constexpr std::string_view payment_failed = "payment-failed";
inline constexpr std::string_view inventory_updated = "inventory-updated";
inline constexpr std::string_view inventory_rejected = "inventory-rejected";
inline constexpr std::string_view inventory_released = "inventory-released";
inline constexpr std::string_view order_dispatched = "order-dispatched";
inline constexpr std::string_view order_completed = "order-completed";
inline constexpr std::string_view order_cancelled = "order-cancelled";
inline constexpr std::string_view payment_refunded = "payment-refunded";
inline constexpr std::string_view notification_requested = "notification-requested";

inline constexpr std::array all
    = {order_created,      payment_success,    payment_failed,        inventory_updated,
       inventory_rejected, inventory_released, order_dispatched,      order_completed,
       order_cancelled,    payment_refunded,   notification_requested};
} // namespace topic

/// An event as its step writes it into its journal row.
struct event {
  std::string topic;
  std::string key;         ///< order id; the user id for a notification without an order
  std::string value;       ///< the JSON object of the contract, as text
  std::string traceparent; ///< W3C trace context of the request that caused it, or empty
  bool operator==(const event&) const = default;
};

/// The `events` column of a journal row: a JSON array of {topic,key,value,traceparent?}, with
/// `value` an object. `decode_events(encode_events(x))` gives x back byte for byte, because values
/// are written in nlohmann's canonical form. Throws `std::invalid_argument` on other input.
std::string encode_events(const std::vector<event>& events);
std::vector<event> decode_events(std::string_view json);

/// An event with all that makes its record: the same each time that it is published.
struct outgoing_event {
  service from = service::order;
  position at = 0;      ///< of the journal row
  int32_t index = 0;    ///< place among the row's events
  int32_t sequence = 0; ///< `ce_sequence`: the order's version, or the service's own step for it
  timestamp time{};     ///< `ce_time`: when the row was written
  event what;
};

/// `ce_id`: `<service>-<position>.<index>`; unique with `ce_source`.
std::string event_id(const outgoing_event& e);
/// `ce_source`: `/troupe/<service>`.
std::string event_source(service s);

/// A record as consumed, before anybody has read its value.
struct incoming_event {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  std::string key;
  std::string value;
  bool tombstone = false; ///< the record had a null value
  std::string id;         ///< ce_id, else topic/partition/offset
  std::string source;     ///< ce_source, else "kafka"
  std::string traceparent;
  bool operator==(const incoming_event&) const = default;
};

} // namespace troupe
