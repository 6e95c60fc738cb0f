#include "domain/order.hpp"

#include "domain/names.hpp"

namespace troupe {

namespace {

constexpr names::table<order_status_count> order_statuses
    = {"CREATED",   "PAYMENT_PENDING", "PAYMENT_SUCCESS", "PAYMENT_FAILED",
       "CONFIRMED", "DISPATCHED",      "COMPLETED",       "CANCELLED"};

constexpr names::table<5> payment_statuses
    = {"PENDING", "SUCCESS", "FAILED", "REFUND_PENDING", "REFUNDED"};

} // namespace

std::string_view to_string(order_status s) {
  return names::name_of(order_statuses, s);
}

std::string_view to_string(payment_status s) {
  return names::name_of(payment_statuses, s);
}

std::optional<order_status> order_status_from(std::string_view name) {
  return names::value_of<order_status>(order_statuses, name);
}

std::optional<payment_status> payment_status_from(std::string_view name) {
  return names::value_of<payment_status>(payment_statuses, name);
}

} // namespace troupe
