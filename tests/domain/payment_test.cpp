// Rulings about attempts and refunds, every case.

#include "domain/payment.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

using at = attempt_status;
using rf = refund_status;
using gw = gateway_answer;

payment_attempt make(at status, rf refund = rf::none) {
  return {"order-1", 2, 1'999, status, refund, "tx", "", 3};
}

} // namespace

TEST_CASE("a charge starts once, and joins or repeats what is there") {
  CHECK(decide_charge(std::nullopt) == charge_ruling::start);
  CHECK(decide_charge(make(at::pending)) == charge_ruling::join);
  for (const auto ended : {at::captured, at::declined, at::voided})
    CHECK(decide_charge(make(ended)) == charge_ruling::settled);
}

TEST_CASE("an attempt ends once, and only by a definite answer") {
  CHECK(decide_outcome(at::pending, gw::captured) == at::captured);
  CHECK(decide_outcome(at::pending, gw::declined) == at::declined);
  CHECK(decide_outcome(at::pending, gw::voided) == at::voided);
  CHECK_FALSE(decide_outcome(at::pending, gw::unknown));
  for (const auto ended : {at::captured, at::declined, at::voided})
    for (const auto answer : {gw::captured, gw::declined, gw::voided, gw::unknown})
      CHECK_FALSE(decide_outcome(ended, answer));
}

TEST_CASE("settling never gets in the way of a live worker, and never charges") {
  CHECK(decide_settle(std::nullopt, false) == settle_ruling::insert_then_void);
  CHECK(decide_settle(std::nullopt, true) == settle_ruling::wait);
  CHECK(decide_settle(make(at::pending), false) == settle_ruling::void_at_gateway);
  CHECK(decide_settle(make(at::pending), true) == settle_ruling::wait);
  for (const auto ended : {at::captured, at::declined, at::voided})
    for (const bool alive : {false, true})
      CHECK(decide_settle(make(ended), alive) == settle_ruling::settled);
}

TEST_CASE("a cancelled order gets back what was captured, once") {
  for (const auto refund : {rf::none, rf::pending, rf::refunded, rf::refused}) {
    CHECK(decide_refund(make(at::pending, refund)) == refund_ruling::settle_first);
    CHECK(decide_refund(make(at::declined, refund)) == refund_ruling::nothing);
    CHECK(decide_refund(make(at::voided, refund)) == refund_ruling::nothing);
  }
  CHECK(decide_refund(make(at::captured)) == refund_ruling::start);
  CHECK(decide_refund(make(at::captured, rf::pending)) == refund_ruling::wait);
  CHECK(decide_refund(make(at::captured, rf::refunded)) == refund_ruling::answer_again);
  CHECK(decide_refund(make(at::captured, rf::refused)) == refund_ruling::nothing);
}

TEST_CASE("a refund ends once, and only by a definite answer") {
  using answer = refund_answer;
  CHECK(decide_refund_outcome(rf::pending, answer::refunded) == rf::refunded);
  CHECK(decide_refund_outcome(rf::pending, answer::refused) == rf::refused);
  CHECK_FALSE(decide_refund_outcome(rf::pending, answer::unknown));
  for (const auto other : {rf::none, rf::refunded, rf::refused})
    for (const auto a : {answer::refunded, answer::refused, answer::unknown})
      CHECK_FALSE(decide_refund_outcome(other, a));
}

TEST_CASE("keys, names and the refund's event") {
  CHECK(charge_key("order-1", 2) == "order-1:2");
  CHECK(refund_key("order-1", 2) == "refund:order-1:2");
  for (const auto s : {at::pending, at::captured, at::declined, at::voided})
    CHECK(attempt_status_from(to_string(s)) == s);
  for (const auto s : {rf::none, rf::pending, rf::refunded, rf::refused})
    CHECK(refund_status_from(to_string(s)) == s);
  CHECK(to_string(at::voided) == "VOIDED");
  CHECK(to_string(rf::none) == "NONE");
  CHECK_FALSE(attempt_status_from("NONE"));
  CHECK_FALSE(refund_status_from("VOIDED"));
  const auto e = refunded_event(make(at::captured, rf::refunded), "00-trace");
  CHECK(e
        == event{"payment-refunded", "order-1", R"({"amount":19.99,"orderId":"order-1"})",
                 "00-trace"});
}
