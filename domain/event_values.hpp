#pragma once
// Reads the values of consumed events: strict about what the consumer needs, silent about the rest.

#include "domain/stock.hpp"

#include <string>
#include <variant>
#include <vector>

namespace troupe {

/// Why a value cannot be used; goes into the dead letter.
struct bad_event {
  std::string why;
};

/// What any of our events says, as far as a consumer needs it.
struct event_value {
  std::string order_id;
  std::string user_id;           ///< order-created, order-cancelled, notification-requested
  std::vector<stock_line> lines; ///< order-created: merged by product, in order of appearance
  cents total = 0;               ///< order-created
  cents amount = 0;              ///< payment-refunded
  std::string reason;            ///< payment-failed, order-cancelled, inventory-rejected
  std::string tracking_number, courier; ///< order-dispatched
  std::string type, title, message;     ///< notification-requested
};

/// Reads `e.value` as `e.topic` says. A tombstone, broken JSON, a missing or malformed member, an
/// id that cannot exist or an unknown topic is a `bad_event`.
std::variant<event_value, bad_event> read_event(const incoming_event& e);

} // namespace troupe
