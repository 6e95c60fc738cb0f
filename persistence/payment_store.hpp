#pragma once
// Attempts and refunds of the payment service, each step journalled with its events. Batches: one
// transaction a call, on one session. Blocking: only detached actors call it.
// Source: "Money" in docs/protocols.md; the rules themselves are domain/payment.hpp.

#include "domain/payment.hpp"
#include "persistence/store_error.hpp"
#include "persistence/stream_log.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// One step of one attempt.
struct payment_write {
  enum class kind {
    begin,        ///< insert the attempt PENDING (with its payment row), if there is none
    outcome,      ///< PENDING → `attempt.status` (captured, declined, voided)
    refund_begin, ///< captured, refund NONE → PENDING, due at once
    refund_retry, ///< refund PENDING: try again after `delay`
    refund_end    ///< refund PENDING → `attempt.refund`; refunded carries payment-refunded
  } what
      = kind::begin;
  payment_attempt attempt;
  std::chrono::milliseconds delay{0};
  std::string traceparent;
};

struct payment_result {
  /// The step was written now; false: the row had already moved on, or see `error`.
  bool written = false;
  std::string error;                  ///< not empty: this step cannot be written; nothing was
  payment_attempt now;                ///< the row as it is after the call; `attempt` 0: no row
  std::vector<outgoing_event> events; ///< written: to be published now
};

class payment_store {
public:
  virtual ~payment_store() = default;
  virtual void connect() = 0; ///< as order_store
  virtual bool connected() const = 0;

  /// Writes the steps in one transaction, each guarded by the row's present status. Throws as
  /// inventory_store::apply; repeating a call is safe.
  virtual std::vector<payment_result> write(std::span<const payment_write> steps) = 0;

  /// All attempts of these orders.
  virtual std::vector<payment_attempt> attempts(std::span<const std::string> order_ids) = 0;
  /// PENDING attempts begun by incarnations that are fenced: recovery voids or learns them. By key,
  /// those after `after`.
  virtual std::vector<payment_attempt> abandoned(int limit, const std::string& after = {}) = 0;
  /// Refunds that are due, each claimed for `lease` so that no other node tries it meanwhile.
  virtual std::vector<payment_attempt> due_refunds(int limit, std::chrono::milliseconds lease) = 0;
  /// The stored payment-refunded of these orders, as first published.
  virtual std::vector<outgoing_event> refund_events(std::span<const std::string> order_ids) = 0;

  virtual stream_log& log() = 0;
};

std::unique_ptr<payment_store> make_payment_store(std::string conninfo, int64_t incarnation);

} // namespace troupe
