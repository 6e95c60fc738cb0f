#pragma once
// An order in every state that there is, and commands for it.

#include "domain/lifecycle.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

namespace troupe::test {

using namespace std::chrono_literals;

using st = order_status;
using pay = payment_status;
using on = order_verb;

struct state {
  st status;
  pay payment;
  bool held = false;
};

// Upper case: the status; R: a refund is pending, B: it is back; +: stock is still held.
inline const std::map<std::string, state> states = {
    {"CREATED", {st::created, pay::pending}},
    {"PENDING", {st::payment_pending, pay::pending}},
    {"FAILED", {st::payment_failed, pay::failed}},
    {"SUCCESS", {st::payment_success, pay::success}},
    {"CONFIRMED", {st::confirmed, pay::success}},
    {"DISPATCHED", {st::dispatched, pay::success}},
    {"COMPLETED", {st::completed, pay::success}},
    {"X-new", {st::cancelled, pay::pending}},
    {"X-new+", {st::cancelled, pay::pending, true}},
    {"X-failed", {st::cancelled, pay::failed}},
    {"X-failed+", {st::cancelled, pay::failed, true}},
    {"XR", {st::cancelled, pay::refund_pending}},
    {"XR+", {st::cancelled, pay::refund_pending, true}},
    {"XB", {st::cancelled, pay::refunded}},
    {"XB+", {st::cancelled, pay::refunded, true}},
};

inline const deadlines within{};
inline const timestamp then = timestamp{1'700'000'000'000'000us};

inline order make_order(const std::string& name) {
  const auto& s = states.at(name);
  order o;
  o.id = "c00000000000000000000order";
  o.user_id = "user-7";
  o.status = s.status;
  o.payment = s.payment;
  o.stock_held = s.held;
  o.version = 3;
  o.total = 1'205;
  o.shipping_address = R"({"city":"Köln"})";
  o.lines = {{"i1", "p1", 1, 1'205, "Cup", ""}};
  o.history.resize(3);
  o.attempt = s.status == st::created ? 0 : 1;
  o.transaction_id = s.payment == pay::pending || s.payment == pay::failed ? "" : "tx-1";
  o.live = !settled(o);
  return o;
}

inline order_command command_for(on verb, const order& o) {
  order_command c;
  c.verb = verb;
  c.version = o.version;
  c.attempt = o.attempt;
  c.transaction_id = "tx-new";
  c.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  c.now = then;
  return c;
}

/// The step of a decision that must have one.
inline const order_step& step_of(const order_decision& d) {
  REQUIRE(d.step.has_value());
  return *d.step;
}

inline order_decision run(const order& o, on verb) {
  return decide(o, command_for(verb, o), within);
}

inline std::vector<std::string> topics(const order_step& s) {
  std::vector<std::string> out;
  out.reserve(s.events.size());
  for (const auto& e : s.events)
    out.push_back(e.topic);
  return out;
}

using strings = std::vector<std::string>;

} // namespace troupe::test
