#pragma once
// What clients send about orders, read and checked against the contract's limits. Pure.
// Each reader complains to its `json_input`; what it returns counts only while that is `good`.
// Source: "Routes" and "Limits" in docs/api.md.

#include "actors/interfaces.hpp"
#include "http/json_input.hpp"

#include <string>
#include <vector>

namespace troupe::http {

constexpr size_t max_order_lines = 100;
constexpr int64_t max_quantity = 10'000;
constexpr size_t max_address_bytes = 4096;

struct order_input {
  /// Merged by product, in the order in which each came first. Two lines of one product with
  /// different prices leave a price that no catalogue can have.
  std::vector<wanted_line> lines;
  std::string shipping_address; ///< canonical JSON text
};
order_input read_order(json_input& in);

struct payment_input {
  std::string method, card_number;
};
/// The card's number is 12 to 19 digits, when it is there.
payment_input read_payment(json_input& in);

struct dispatch_input {
  std::string tracking_number, courier;
};
dispatch_input read_dispatch(json_input& in);

} // namespace troupe::http
