#pragma once
// What a batch of payment steps writes, decided on locked rows: a pure function between the reads
// and the writes of a payment store, shared by the real one and its fake.
// Source: "Money" in docs/protocols.md.

#include "domain/ids.hpp"
#include "domain/order.hpp"
#include "persistence/payment_store.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// One order's money as the database knows it. An order that is not in the view has no payment.
struct payment_file {
  int32_t step = 0; ///< number of its journal rows
  std::map<int32_t, payment_attempt> attempts;
  /// By attempt: of the request that asked for the refund.
  std::map<int32_t, std::string> traceparents;
};
using payment_view = std::map<std::string, payment_file>;

/// What to write, all or nothing.
struct payment_plan {
  struct attempt_change {
    payment_attempt now;
    bool insert = false;
    std::string traceparent;
    std::optional<std::chrono::milliseconds> due; ///< while its refund is PENDING: tried after this
    bool tried = false;                           ///< a try of its refund failed
  };
  /// The payment row: the sum of the order's attempts.
  struct payment_change {
    std::string order_id;
    cents amount = 0;
    payment_status status = payment_status::pending;
    std::string transaction_id;
    int32_t step = 0;
  };
  struct journal_entry {
    position at = 0;
    std::string order_id;
    int32_t attempt = 0;
    int32_t step = 0;
    std::string_view kind;
    std::vector<event> events;
  };

  /// One a step. Events have no `time` yet: see `stamp`.
  std::vector<payment_result> results;
  std::vector<attempt_change> attempts; ///< each attempt once, as it is after the batch
  std::vector<payment_change> payments; ///< by order id
  std::vector<journal_entry> journal;   ///< in position order

  bool writes() const { return !attempts.empty(); }
};

/// Decides `steps` in their order. `next` gives positions, rising.
payment_plan plan_payments(payment_view view, std::span<const payment_write> steps,
                           const std::function<position()>& next);

/// Completes the results of a written plan with the times that its journal rows got.
void stamp(payment_plan& plan, const std::map<position, timestamp>& times);

/// What the attempts of one order amount to.
payment_status payment_sum(const payment_file& file);

} // namespace troupe
