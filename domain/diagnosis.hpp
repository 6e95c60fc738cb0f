#pragma once
// Where an order is and what it waits for, judged by what each service's database holds of it.
// Pure: whoever collects the parts is actors/diagnosis_desk.hpp.

#include "domain/order.hpp"
#include "domain/payment.hpp"
#include "domain/stock.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// An event that a step of the order has yielded.
struct told_event {
  std::string topic;
  std::string id; ///< `ce_id`
  position at = 0;
  int32_t sequence = 0;
  timestamp time{};
  bool published = false; ///< its stream's watermark has passed it
};

/// A consumed event that could not be applied.
struct kept_event {
  int64_t id = 0; ///< of its row
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  std::string event_id;
  std::string error; ///< of a dead letter
  timestamp since{};
};

/// The order's row, and who owns its shard.
struct order_facts {
  order_status status = order_status::created;
  payment_status payment = payment_status::pending;
  int32_t version = 0;
  int32_t attempt = 0;
  int32_t rounds = 0;
  bool stock_held = false;
  std::optional<timestamp> deadline; ///< none: nobody owes it a step
  bool overdue = false;              ///< past it, or it has passed before without a change
  int shard = 0;
  std::string node; ///< that owns the shard; empty: none
  int64_t incarnation = 0;
  int64_t epoch = 0;
  bool served = false; ///< the owner is not fenced, and its lease holds
};

struct attempt_facts {
  payment_attempt what;
  int64_t incarnation = 0; ///< who began it
  int32_t tries = 0;       ///< of the refund
  std::optional<timestamp> next_try;
  timestamp created_at{}, updated_at{};
};

struct payment_facts {
  std::string id, status, transaction_id;
  cents amount = 0;
  timestamp created_at{}, updated_at{};
  std::vector<attempt_facts> attempts;
};

struct stock_facts {
  stock_record record;
  std::vector<int64_t> available; ///< of each line's product, now
  timestamp created_at{}, updated_at{};
};

/// What one service's database holds of an order, all at one moment.
struct service_facts {
  std::optional<order_facts> order;     ///< in the order service's; none: there is no such order
  std::optional<payment_facts> payment; ///< in the payment service's
  std::optional<stock_facts> stock;     ///< in the inventory service's
  std::vector<told_event> events;       ///< oldest first
  std::vector<kept_event> parked, dead_letters;
};

/// How this node's shard holds the order.
enum class presence : uint8_t {
  idle, ///< not in memory: the next command loads it
  loading,
  live,
  resting, ///< about to leave memory
  crashed, ///< made again in a moment
  quarantined,
  elsewhere ///< this node does not serve orders now
};
std::string_view to_string(presence p);

constexpr int service_count = 4;

struct diagnosis {
  std::string order_id;
  /// By `service`; none: it did not answer in time.
  std::array<std::optional<service_facts>, service_count> facts;
  std::optional<presence> actor; ///< none: the node did not say

  const std::optional<service_facts>& of(service s) const {
    return facts.at(static_cast<size_t>(s));
  }
};

/// Whom or what an order waits for. The codes are stable; docs/api.md lists them.
struct awaited {
  std::string_view code;
  std::string text; ///< one sentence
};
awaited waiting_for(const diagnosis& d);

} // namespace troupe
