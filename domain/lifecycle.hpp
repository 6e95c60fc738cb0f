#pragma once
// The order's rules as a pure function: state × command → step, or why not. The one table of legal
// transitions is in lifecycle.cpp, constexpr, and nothing else knows it.
// Source: "The order" in docs/protocols.md.

#include "domain/order.hpp"

#include <chrono>

namespace troupe {

enum class order_verb : uint8_t {
  pay,                ///< the customer wants to pay
  charged,            ///< the running attempt was captured (`transaction_id`)
  declined,           ///< the running attempt was declined or voided (`reason`)
  charge_unknown,     ///< the worker has given up: the outcome is to be learnt later
  cancel,             ///< by the customer (`reason`)
  dispatch,           ///< by the admin (`tracking_number`, `courier`)
  deliver,            ///< by the admin
  inventory_updated,  ///< event
  inventory_rejected, ///< event (`reason`)
  inventory_released, ///< event
  payment_refunded,   ///< event
  deadline            ///< the sweep found the order past its deadline (`version`)
};
constexpr int order_verb_count = 12;
std::string_view to_string(order_verb v);

struct order_command {
  order_verb verb = order_verb::pay;
  std::string reason;          ///< cancel, declined, inventory_rejected
  std::string transaction_id;  ///< charged
  std::string tracking_number; ///< dispatch, optional
  std::string courier;         ///< dispatch, optional
  int32_t version = 0;         ///< deadline: the version that was overdue
  int32_t attempt = 0;         ///< charged, declined, charge_unknown: the attempt it speaks of
  std::string traceparent;
  timestamp now{}; ///< deliver: the caller's clock, told as `completedAt`
};

/// How long each state may last before the deadline's verb comes. All configurable.
struct deadlines {
  std::chrono::seconds unpaid{1800};      ///< CREATED, PAYMENT_FAILED: then CANCELLED
  std::chrono::seconds payment{15};       ///< PAYMENT_PENDING: then the gateway is asked
  std::chrono::seconds confirmation{30};  ///< PAYMENT_SUCCESS: then events are published again
  std::chrono::seconds settlement{30};    ///< CANCELLED with stock or money open: likewise
  std::chrono::seconds dispatch{86400};   ///< CONFIRMED: then an alarm
  std::chrono::seconds delivery{1209600}; ///< DISPATCHED: then an alarm
  std::chrono::seconds longest{900};      ///< bound of the growing delay between rounds
};

/// Why a command is refused. Each has one line in http/fault_table.cpp's.
enum class refusal : uint8_t {
  none,
  wrong_state,         ///< 409
  payment_in_progress, ///< 409: cancel while a charge runs
  order_cancelled,     ///< 409: pay a cancelled order
};

/// What the journal writes as one unit, or not at all.
struct order_step {
  bool advances = true; ///< version + 1 and a history row; false: only the columns below change
  order_status status = order_status::created;
  payment_status payment = payment_status::pending;
  std::string message;       ///< of the history row
  std::vector<event> events; ///< of the history row, in publishing order
  int32_t attempt = 0;
  std::string transaction_id;
  bool stock_held = false;
  int32_t rounds = 0;
  std::optional<std::chrono::seconds> ttl; ///< until the deadline; none: nobody owes it a step
};

enum class ruling : uint8_t {
  step,       ///< commit `step`, then answer
  unchanged,  ///< nothing to write; answer with the order as it is
  join,       ///< pay while an attempt runs: answer with its outcome
  refused,    ///< `why`
  dead_letter ///< an event that can never be right in this state; `detail` says why
};

/// What to do once the step is committed (or at once, when there is none).
enum class follow_up : uint8_t {
  none,
  charge,   ///< start the attempt `step->attempt` at the payment pool
  settle,   ///< ask the payment pool how the running attempt ended; it never charges
  republish ///< publish all events of the order so far again
};

struct order_decision {
  ruling what = ruling::unchanged;
  refusal why = refusal::none;
  std::optional<order_step> step;
  follow_up then = follow_up::none;
  bool alarm = false; ///< log and count: a deadline has passed and nobody moved
  std::string detail;
};

/// The step that makes `draft` (id, user, lines, total, address filled in; version 0) an order.
order_step decide_creation(const order& draft, const deadlines& within,
                           const std::string& traceparent);

/// Decides what `command` does to `current`. Never changes `current`: call `apply` once the step is
/// durable. A repeat of what already happened is `unchanged`.
order_decision decide(const order& current, const order_command& command, const deadlines& within);

/// The order after `step` has committed at `at`. `updated_at` moves with the version: a step that
/// does not advance leaves it.
order apply(order current, const order_step& step, timestamp at);

/// Where a history row says that its order stood.
struct order_standing {
  order_status status = order_status::created;
  payment_status payment = payment_status::pending;
  bool operator==(const order_standing&) const = default;
};

/// For whoever looks at histories from outside (the audit): may `to` be the row right after `from`,
/// may `first` be the first one, and the topic of the one event of the row that reached a standing
/// (empty: it has none).
bool legal(order_standing from, order_standing to);
bool legal_beginning(order_standing first);
std::string_view told_by(order_standing reached);

/// COMPLETED, or CANCELLED with neither stock nor money open: no step will ever follow.
bool settled(const order& o);

} // namespace troupe
