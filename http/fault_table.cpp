#include "http/fault_table.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::http {

namespace {

struct fault_row {
  fault what;
  int status;
  std::string_view code, title;
  int retry_after = 0; ///< seconds; 0: trying again does not help
};

constexpr std::array fault_table = std::to_array<fault_row>({
    {fault::not_found, 404, "not_found", "Not found"},
    {fault::wrong_state, 409, "wrong_state", "The order's state does not allow this"},
    {fault::payment_in_progress, 409, "payment_in_progress", "A payment is in progress"},
    {fault::order_cancelled, 409, "order_cancelled", "The order is cancelled"},
    {fault::id_taken, 409, "id_taken", "A product with this id exists"},
    {fault::moved_on, 412, "precondition_failed", "It has changed since then"},
    {fault::key_in_progress, 409, "key_in_progress", "The key's first request is still running", 1},
    {fault::key_reused, 422, "idempotency_key_reused",
     "The Idempotency-Key belongs to another request"},
    {fault::busy, 503, "busy", "Too much to do, try again", 1},
    {fault::not_owner, 503, "not_owner", "Another node serves this order, try again", 1},
    {fault::unavailable, 503, "unavailable", "Not available right now, try again", 2},
    {fault::quarantined, 503, "quarantined", "The order needs an operator", 30},
});
constexpr fault_row internal_row = {fault::internal, 500, "internal_error", "Something went wrong"};

} // namespace

problem problem_of(fault what, std::string detail) {
  const auto* found = std::find_if(fault_table.begin(), fault_table.end(),
                                   [&](const fault_row& row) { return row.what == what; });
  const auto& row = found == fault_table.end() ? internal_row : *found;
  problem result{.status = row.status,
                 .code = std::string(row.code),
                 .title = std::string(row.title),
                 .detail = std::move(detail)};
  if (row.retry_after > 0)
    result.retry_after = row.retry_after;
  return result;
}

} // namespace troupe::http
