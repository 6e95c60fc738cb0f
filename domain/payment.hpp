#pragma once
// The rules of one order's money: attempts at the gateway and their refunds.
// Source: "Money" in docs/protocols.md. Recovery never charges; only an explicit decline or a void
// is a failure; a time-out is `unknown`.

#include "domain/event.hpp"
#include "domain/money.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

enum class attempt_status : uint8_t { pending, captured, declined, voided };
enum class refund_status : uint8_t { none, pending, refunded, refused };
/// "PENDING", "CAPTURED", "DECLINED", "VOIDED"; "NONE", "PENDING", "REFUNDED", "REFUSED".
std::string_view to_string(attempt_status s);
std::string_view to_string(refund_status s);
std::optional<attempt_status> attempt_status_from(std::string_view name);
std::optional<refund_status> refund_status_from(std::string_view name);

struct payment_attempt {
  std::string order_id;
  int32_t attempt = 0;
  cents amount = 0;
  attempt_status status = attempt_status::pending;
  refund_status refund = refund_status::none;
  std::string transaction_id; ///< the gateway's, when captured
  std::string reason;         ///< when declined or voided
  int32_t step = 0;           ///< number of the order's journal rows: `ce_sequence`
};

/// The gateway's idempotency keys.
std::string charge_key(std::string_view order_id, int32_t attempt); ///< `<order>:<attempt>`
std::string refund_key(std::string_view order_id, int32_t attempt); ///< `refund:<order>:<attempt>`

/// What the gateway said. `unknown`: time-out, 5xx, broken or refused connection.
enum class gateway_answer : uint8_t { captured, declined, voided, unknown };

/// What a charge request meets.
enum class charge_ruling : uint8_t {
  start,  ///< no such attempt yet: commit it PENDING, then call the gateway with its key
  join,   ///< a live worker is at it: wait for its answer
  settled ///< it has ended: answer as it ended
};
charge_ruling decide_charge(const std::optional<payment_attempt>& known);

/// How an attempt ends by the gateway's answer; nothing: it stays PENDING and is asked again.
std::optional<attempt_status> decide_outcome(attempt_status now, gateway_answer answer);

/// What settling (recovery) does: it voids or learns, and never charges.
enum class settle_ruling : uint8_t {
  insert_then_void, ///< no row: the process died before it; commit PENDING, then void by key
  void_at_gateway,  ///< a worker that gave up or a fenced incarnation left it PENDING
  wait,             ///< a live worker is at it
  settled           ///< it has ended: answer as it ended
};
settle_ruling decide_settle(const std::optional<payment_attempt>& known, bool worker_alive);

/// What order-cancelled does to one attempt.
enum class refund_ruling : uint8_t {
  nothing,      ///< declined, voided, or a final refusal that stands
  settle_first, ///< PENDING at the gateway: settle it, then decide again
  start,        ///< captured: commit the refund PENDING
  wait,         ///< the sweep is at it
  answer_again  ///< refunded: publish the stored payment-refunded again
};
refund_ruling decide_refund(const payment_attempt& attempt);

/// The gateway's word on a refund. `refused` is final and alarms.
enum class refund_answer : uint8_t { refunded, refused, unknown };
std::optional<refund_status> decide_refund_outcome(refund_status now, refund_answer answer);

/// payment-refunded of `attempt`.
event refunded_event(const payment_attempt& attempt, const std::string& traceparent);

} // namespace troupe
