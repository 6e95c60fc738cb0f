#pragma once
// The payments database's rows as a payment_view, and a payment_plan as its writes. Internal to
// persistence/.

#include "persistence/payment_plan.hpp"
#include "persistence/pg.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace troupe::pg {

/// Within a transaction: makes sure that attempts that begin have a payment row (with an id from
/// `ids`), locks the payment rows by order id, and reads what is then certain.
payment_view lock_payments(connection& on, std::span<const payment_write> steps,
                           const id_source& ids);

/// Writes the plan in one go and returns the times of its journal rows.
std::map<position, timestamp> write_payments(connection& on, const payment_plan& plan,
                                             int64_t incarnation);

/// Columns of an attempt, for the statements of the store: `a` payment_attempts, `p` payments.
#define TROUPE_ATTEMPT_COLUMNS                                                                     \
  "a.order_id, a.attempt, a.amount, a.status, a.refund, coalesce(a.transaction_id, ''),"           \
  " coalesce(a.reason, ''), p.step"
payment_attempt read_attempt(const result& rows, int row);

} // namespace troupe::pg
