#include "domain/replay.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

order at_version(order now, int32_t version) {
  now.history.resize(static_cast<size_t>(version));
  now.version = version;
  now.status = now.history.back().status;
  now.payment = now.history.back().payment;
  now.updated_at = now.history.back().at;
  const bool was_paid = std::ranges::any_of(now.history, [](const history_entry& entry) {
    return entry.status == order_status::payment_success;
  });
  if (!was_paid)
    now.transaction_id.clear();
  return now;
}

} // namespace troupe
