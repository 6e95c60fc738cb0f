#include "domain/payment.hpp"

#include "domain/json.hpp"
#include "domain/names.hpp"

namespace troupe {

namespace {

constexpr names::table<4> attempt_statuses = {"PENDING", "CAPTURED", "DECLINED", "VOIDED"};
constexpr names::table<4> refund_statuses = {"NONE", "PENDING", "REFUNDED", "REFUSED"};

} // namespace

std::string_view to_string(attempt_status s) {
  return names::name_of(attempt_statuses, s);
}

std::string_view to_string(refund_status s) {
  return names::name_of(refund_statuses, s);
}

std::optional<attempt_status> attempt_status_from(std::string_view name) {
  return names::value_of<attempt_status>(attempt_statuses, name);
}

std::optional<refund_status> refund_status_from(std::string_view name) {
  return names::value_of<refund_status>(refund_statuses, name);
}

std::string charge_key(std::string_view order_id, int32_t attempt) {
  return std::string(order_id) + ':' + std::to_string(attempt);
}

std::string refund_key(std::string_view order_id, int32_t attempt) {
  return "refund:" + charge_key(order_id, attempt);
}

charge_ruling decide_charge(const std::optional<payment_attempt>& known) {
  if (!known)
    return charge_ruling::start;
  return known->status == attempt_status::pending ? charge_ruling::join : charge_ruling::settled;
}

std::optional<attempt_status> decide_outcome(attempt_status now, gateway_answer answer) {
  if (now != attempt_status::pending)
    return std::nullopt;
  switch (answer) {
    case gateway_answer::captured:
      return attempt_status::captured;
    case gateway_answer::declined:
      return attempt_status::declined;
    case gateway_answer::voided:
      return attempt_status::voided;
    case gateway_answer::unknown:
      break;
  }
  return std::nullopt;
}

settle_ruling decide_settle(const std::optional<payment_attempt>& known, bool worker_alive) {
  if (known && known->status != attempt_status::pending)
    return settle_ruling::settled;
  if (worker_alive)
    return settle_ruling::wait;
  return known ? settle_ruling::void_at_gateway : settle_ruling::insert_then_void;
}

refund_ruling decide_refund(const payment_attempt& attempt) {
  if (attempt.status == attempt_status::pending)
    return refund_ruling::settle_first;
  if (attempt.status != attempt_status::captured)
    return refund_ruling::nothing;
  switch (attempt.refund) {
    case refund_status::none:
      return refund_ruling::start;
    case refund_status::pending:
      return refund_ruling::wait;
    case refund_status::refunded:
      return refund_ruling::answer_again;
    case refund_status::refused:
      break;
  }
  return refund_ruling::nothing;
}

std::optional<refund_status> decide_refund_outcome(refund_status now, refund_answer answer) {
  if (now != refund_status::pending)
    return std::nullopt;
  switch (answer) {
    case refund_answer::refunded:
      return refund_status::refunded;
    case refund_answer::refused:
      return refund_status::refused;
    case refund_answer::unknown:
      break;
  }
  return std::nullopt;
}

event refunded_event(const payment_attempt& attempt, const std::string& traceparent) {
  return make_event(topic::payment_refunded, attempt.order_id,
                    {{"orderId", attempt.order_id}, {"amount", json_money(attempt.amount)}},
                    traceparent);
}

} // namespace troupe
