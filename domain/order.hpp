#pragma once
// An order as everybody sees it: the state after its last committed step.

#include "domain/event.hpp"
#include "domain/money.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

enum class order_status : uint8_t {
  created,
  payment_pending,
  payment_success,
  payment_failed,
  confirmed,
  dispatched,
  completed,
  cancelled
};
constexpr int order_status_count = 8;

enum class payment_status : uint8_t { pending, success, failed, refund_pending, refunded };

/// The names of the contract and of the database: "PAYMENT_PENDING", "REFUND_PENDING", …
std::string_view to_string(order_status s);
std::string_view to_string(payment_status s);
std::optional<order_status> order_status_from(std::string_view name);
std::optional<payment_status> payment_status_from(std::string_view name);

struct order_line {
  std::string id;
  std::string product_id;
  int32_t quantity = 0;
  cents price = 0;       ///< of one piece, when it was ordered
  std::string name;      ///< of the product, when it was ordered
  std::string image_url; ///< likewise
  bool operator==(const order_line&) const = default;
};

struct history_entry {
  order_status status = order_status::created;
  payment_status payment = payment_status::pending;
  timestamp at{};
  std::string message; ///< for the customer
  bool operator==(const history_entry&) const = default;
};

struct order {
  std::string id;
  std::string user_id;
  order_status status = order_status::created;
  payment_status payment = payment_status::pending;
  int32_t version = 0; ///< number of history entries; 0: not yet created
  cents total = 0;
  std::string shipping_address; ///< the client's JSON object, as text
  std::vector<order_line> lines;
  std::vector<history_entry> history; ///< oldest first
  int32_t attempt = 0;                ///< number of the last payment attempt
  std::string transaction_id;         ///< of the capture, once there is one
  bool stock_held = false; ///< cancelled, and inventory has not yet confirmed the release
  int32_t rounds = 0;      ///< deadlines that passed at this version without a change
  bool live = false;       ///< has a deadline: somebody still owes it a step
  timestamp created_at{};
  timestamp updated_at{};
  bool operator==(const order&) const = default;
};

} // namespace troupe
