#pragma once
// An order as one answer showed it, small enough to be remembered by the million: what must never
// change, where it stood, and its history row by row.

#include "domain/order.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::sim {

struct sighted_row {
  order_status status = order_status::created;
  uint64_t digest = 0; ///< of its time and message
  bool operator==(const sighted_row&) const = default;
};

struct sighted_line {
  std::string product;
  int64_t quantity = 0;
  cents price = 0; ///< of one piece
  bool operator==(const sighted_line&) const = default;
};

/// "p-001 x 2 at 12.50; …"
std::string text_of(const std::vector<sighted_line>& lines);

/// What an order keeps from its first answer to its last.
struct order_essence {
  std::string user;
  std::vector<sighted_line> lines;
  uint64_t items = 0;    ///< digest of `items` with their ids, names and pictures
  uint64_t address = 0;  ///< digest of `shippingAddress`
  std::string reference; ///< what our customers write into their address to know an order by
  std::string created_at;
  cents total = 0;
  bool operator==(const order_essence&) const = default;
};

struct order_sight {
  std::string id;
  order_essence essence;
  order_status status = order_status::created;
  payment_status payment = payment_status::pending;
  int version = 0;
  std::vector<sighted_row> history;
  bool total_fits = false; ///< `totalAmount` is the sum of the lines
};

/// Nothing when `body` is not an order as docs/api.md says.
std::optional<order_sight> read_sight(const nlohmann::json& body);

/// Where a row of the history may stand, by the one table of the lifecycle: the payment statuses
/// that an order with these statuses may have after its last one; empty: the sequence is illegal.
std::vector<payment_status> payments_after(const std::vector<sighted_row>& history);

/// What is wrong with a sight by itself; empty: nothing.
std::string flaw_of(const order_sight& s);

/// "CREATED PAYMENT_PENDING …"
std::string statuses_of(const std::vector<sighted_row>& history);

} // namespace troupe::sim
