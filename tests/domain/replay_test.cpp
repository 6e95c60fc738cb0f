// An order as it was after an earlier step.

#include "domain/replay.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// Declined, then paid, then cancelled.
order regretted() {
  order o;
  o.id = "o1";
  o.transaction_id = "tx-2";
  const std::vector<std::pair<order_status, payment_status>> steps
      = {{order_status::created, payment_status::pending},
         {order_status::payment_pending, payment_status::pending},
         {order_status::payment_failed, payment_status::failed},
         {order_status::payment_pending, payment_status::pending},
         {order_status::payment_success, payment_status::success},
         {order_status::cancelled, payment_status::refund_pending}};
  for (const auto& [status, payment] : steps) {
    ++o.version;
    o.history.push_back({status, payment, timestamp{1s * o.version}, to_string(status).data()});
  }
  o.status = o.history.back().status;
  o.payment = o.history.back().payment;
  o.created_at = timestamp{1s};
  o.updated_at = timestamp{6s};
  return o;
}

} // namespace

TEST_CASE("at its own version an order is as it is") {
  CHECK(at_version(regretted(), 6) == regretted());
}

TEST_CASE("at an earlier version status, payment, history and time are those of then") {
  const auto then = at_version(regretted(), 3);
  CHECK(then.version == 3);
  CHECK(then.status == order_status::payment_failed);
  CHECK(then.payment == payment_status::failed);
  CHECK(then.history.size() == 3);
  CHECK(then.updated_at == timestamp{3s});
  CHECK(then.created_at == timestamp{1s});
}

TEST_CASE("a transaction is shown from the capture on, not before") {
  CHECK(at_version(regretted(), 3).transaction_id.empty());
  CHECK(at_version(regretted(), 4).transaction_id.empty());
  CHECK(at_version(regretted(), 5).transaction_id == "tx-2");
}
