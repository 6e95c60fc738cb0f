// The order's table, written a second time and by hand, against decide(): every state (with its
// payment status and stock flag) and every command.

#include "tests/domain/sample_orders.hpp"

#include <nlohmann/json.hpp>

#include <sstream>

using namespace troupe;
using namespace troupe::test;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

// .        unchanged            409    refused, wrong_state     busy  refused, payment_in_progress
// gone     refused, cancelled   dead   dead letter              join  joins the attempt
// settle, republish, alarm, wait      a round without a change, and what follows it
// ~STATE   only the columns change    STATE   a transition
const char* const table = R"(
state      pay     charged declined charge_unknown cancel    dispatch   deliver   inventory_updated inventory_rejected inventory_released payment_refunded deadline
CREATED    PENDING .       .        .              X-new+    409        409       dead              X-new+             dead               dead             X-new+
PENDING    join    SUCCESS FAILED   wait           busy      409        409       dead              .                  dead               dead             settle
FAILED     PENDING .       .        .              X-failed+ 409        409       dead              X-failed+          dead               dead             X-failed+
SUCCESS    .       .       .        .              XR+       409        409       CONFIRMED         XR+                dead               dead             republish
CONFIRMED  .       .       .        .              XR+       DISPATCHED 409       .                 .                  dead               dead             alarm
DISPATCHED .       .       .        .              409       .          COMPLETED .                 .                  dead               dead             alarm
COMPLETED  .       .       .        .              409       .          .         .                 .                  dead               dead             .
X-new      gone    .       .        .              .         409        409       .                 .                  .                  .                .
X-new+     gone    .       .        .              .         409        409       .                 .                  ~X-new             .                republish
X-failed   gone    .       .        .              .         409        409       .                 .                  .                  .                .
X-failed+  gone    .       .        .              .         409        409       .                 .                  ~X-failed          .                republish
XR         gone    .       .        .              .         409        409       .                 .                  .                  XB               republish
XR+        gone    .       .        .              .         409        409       .                 .                  ~XR                XB+              republish
XB         gone    .       .        .              .         409        409       .                 .                  .                  .                .
XB+        gone    .       .        .              .         409        409       .                 .                  ~XB                .                republish
)";

std::string name_of(st status, pay payment, bool held) {
  for (const auto& [name, s] : states)
    if (s.status == status && s.payment == payment && s.held == held)
      return name;
  return "a state that cannot be";
}

/// The table's word for what was decided.
std::string describe(const order& o, const order_decision& d) {
  switch (d.what) {
    case ruling::unchanged:
      return ".";
    case ruling::join:
      return "join";
    case ruling::dead_letter:
      return "dead";
    case ruling::refused:
      return d.why == refusal::wrong_state           ? "409"
             : d.why == refusal::payment_in_progress ? "busy"
             : d.why == refusal::order_cancelled     ? "gone"
                                                     : "refused for no reason";
    case ruling::step:
      break;
  }
  const auto& s = step_of(d);
  auto next = name_of(s.status, s.payment, s.stock_held);
  if (s.advances)
    return next;
  if (next != name_of(o.status, o.payment, o.stock_held))
    return "~" + next;
  switch (d.then) {
    case follow_up::settle:
      return "settle";
    case follow_up::republish:
      return "republish";
    case follow_up::charge:
      return "a charge without a step";
    case follow_up::none:
      break;
  }
  return d.alarm ? "alarm" : "wait";
}

std::vector<std::vector<std::string>> rows() {
  std::vector<std::vector<std::string>> out;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<std::string> row;
    for (std::string word; words >> word;)
      row.push_back(word);
    if (!row.empty())
      out.push_back(row);
  }
  return out;
}

} // namespace

TEST_CASE("every state and every command do what the table says") {
  const auto all = rows();
  REQUIRE(all.size() == states.size() + 1);
  const auto& header = all.front();
  REQUIRE(header.size() == order_verb_count + 1);
  for (size_t r = 1; r < all.size(); ++r) {
    REQUIRE(all[r].size() == header.size());
    const auto o = make_order(all[r][0]);
    for (int v = 0; v < order_verb_count; ++v) {
      const auto verb = static_cast<on>(v);
      REQUIRE(to_string(verb) == header[v + 1]);
      INFO(all[r][0], " × ", header[v + 1]);
      CHECK(describe(o, run(o, verb)) == all[r][v + 1]);
    }
  }
}

TEST_CASE("what decide() does is legal, and nothing else") {
  std::map<std::string, std::map<std::string, std::string>> steps;
  for (const auto& [name, from] : states)
    for (int v = 0; v < order_verb_count; ++v) {
      const auto d = run(make_order(name), static_cast<on>(v));
      if (!d.step || !d.step->advances)
        continue;
      steps[name_of(from.status, from.payment, false)]
           [name_of(d.step->status, d.step->payment, false)]
          = d.step->events.empty() ? "" : d.step->events.at(0).topic;
    }
  for (const auto& [from_name, from] : states)
    for (const auto& [to_name, to] : states) {
      if (from.held || to.held)
        continue;
      INFO(from_name, " to ", to_name);
      const auto& possible = steps[from_name];
      const auto found = possible.find(to_name);
      const order_standing reached{to.status, to.payment};
      CHECK(legal({from.status, from.payment}, reached) == (found != possible.end()));
      if (found != possible.end())
        CHECK(told_by(reached) == found->second);
    }
  CHECK(legal_beginning({st::created, pay::pending}));
  CHECK_FALSE(legal_beginning({st::payment_pending, pay::pending}));
}

TEST_CASE("a transition raises the version, clears the rounds, and its deadline fits the state") {
  const std::map<std::string, std::optional<std::chrono::seconds>> ttls = {
      {"CREATED", within.unpaid},       {"PENDING", within.payment},
      {"FAILED", within.unpaid},        {"SUCCESS", within.confirmation},
      {"CONFIRMED", within.dispatch},   {"DISPATCHED", within.delivery},
      {"COMPLETED", std::nullopt},      {"X-new", std::nullopt},
      {"X-new+", within.settlement},    {"X-failed", std::nullopt},
      {"X-failed+", within.settlement}, {"XR", within.settlement},
      {"XR+", within.settlement},       {"XB", std::nullopt},
      {"XB+", within.settlement},
  };
  for (const auto& [name, s] : states) {
    auto o = make_order(name);
    o.rounds = 5;
    for (int v = 0; v < order_verb_count; ++v) {
      const auto d = run(o, static_cast<on>(v));
      INFO(name, " × ", to_string(static_cast<on>(v)));
      REQUIRE(d.step.has_value() == (d.what == ruling::step));
      if (!d.step)
        continue;
      const auto next = apply(o, step_of(d), then);
      CHECK(next.live == !settled(next));
      CHECK(next.live == step_of(d).ttl.has_value());
      if (!step_of(d).advances) {
        CHECK(next.version == o.version);
        CHECK(next.history == o.history);
        CHECK(next.updated_at == o.updated_at);
        CHECK(step_of(d).events.empty());
        continue;
      }
      CHECK(next.version == o.version + 1);
      CHECK(next.rounds == 0);
      CHECK_FALSE(d.alarm);
      CHECK_FALSE(step_of(d).message.empty());
      CHECK(next.history.back()
            == history_entry{next.status, next.payment, then, step_of(d).message});
      CHECK(next.updated_at == then);
      CHECK(step_of(d).ttl == ttls.at(name_of(next.status, next.payment, next.stock_held)));
      CHECK((d.then == follow_up::charge) == (static_cast<on>(v) == on::pay));
      for (const auto& e : step_of(d).events) {
        CHECK(e.key == o.id);
        CHECK(e.traceparent == command_for(on::pay, o).traceparent);
      }
    }
  }
}

TEST_CASE("creation") {
  auto draft = make_order("CREATED");
  draft.version = 0;
  draft.history.clear();
  draft.lines = {{"i1", "p1", 2, 500, "Cup", "/cup.png"}, {"i2", "p-2", 1, 205, "Täss", ""}};
  draft.shipping_address = R"( {"zip": 1.50, "city":"K\u00f6ln", "n":{"a":[1, 2.0e2]} } )";
  const auto step = decide_creation(draft, within, "00-trace");
  CHECK(step.advances);
  CHECK(step.ttl == within.unpaid);
  CHECK(step.message == "Order placed");
  REQUIRE(step.events.size() == 1);
  const auto& e = step.events[0];
  CHECK(e.topic == "order-created");
  CHECK(e.key == draft.id);
  CHECK(e.traceparent == "00-trace");
  CHECK(json::parse(e.value) == json::parse(R"({"orderId":"c00000000000000000000order",
    "userId":"user-7","items":[{"productId":"p1","quantity":2,"price":5.0},
    {"productId":"p-2","quantity":1,"price":2.05}],"totalAmount":12.05,
    "shippingAddress":{"zip":1.5,"city":"Köln","n":{"a":[1,200.0]}}})"));
  const auto o = apply(draft, step, then);
  CHECK(o.status == st::created);
  CHECK(o.payment == pay::pending);
  CHECK(o.version == 1);
  CHECK(o.live);
  CHECK(o.created_at == then);
  CHECK(o.updated_at == then);
  CHECK(o.history.size() == 1);
}

TEST_CASE("each paying starts one attempt more") {
  auto o = make_order("CREATED");
  auto d = run(o, on::pay);
  CHECK(step_of(d).attempt == 1);
  CHECK(step_of(d).message == "Payment started");
  o = apply(apply(o, step_of(d), then), step_of(run(apply(o, step_of(d), then), on::declined)),
            then);
  CHECK(o.status == st::payment_failed);
  d = run(o, on::pay);
  CHECK(step_of(d).attempt == 2);
  CHECK(step_of(d).payment == pay::pending);
  CHECK(step_of(d).message == "Payment started again");
}

TEST_CASE("the outcome of another attempt changes nothing") {
  const auto o = make_order("PENDING");
  for (const auto verb : {on::charged, on::declined, on::charge_unknown})
    for (const int other : {-1, 1}) {
      auto c = command_for(verb, o);
      c.attempt += other;
      CHECK(decide(o, c, within).what == ruling::unchanged);
    }
}

TEST_CASE("a deadline of another version, or of an order that has none, changes nothing") {
  for (const auto& [name, s] : states) {
    auto o = make_order(name);
    auto c = command_for(on::deadline, o);
    --c.version;
    CHECK(decide(o, c, within).what == ruling::unchanged);
    c.version = o.version;
    o.live = false;
    CHECK(decide(o, c, within).what == ruling::unchanged);
  }
}

TEST_CASE("rounds grow up to a bound; the first raises no alarm, the later ones do") {
  struct row {
    const char* state;
    on verb;
    std::chrono::seconds base;
  };
  for (const auto& r : {row{"PENDING", on::deadline, within.payment},
                        row{"PENDING", on::charge_unknown, within.payment},
                        row{"SUCCESS", on::deadline, within.confirmation},
                        row{"XR", on::deadline, within.settlement}}) {
    auto o = make_order(r.state);
    auto wait = r.base;
    for (int round = 1; round < 100; ++round) {
      const auto d = run(o, r.verb);
      INFO(std::string(r.state), ", round ", round);
      CHECK(d.alarm == (round > 1));
      wait = std::min(wait * 2, within.longest);
      CHECK(step_of(d).ttl == wait);
      CHECK(step_of(d).rounds == round);
      o = apply(o, step_of(d), then);
    }
  }
  auto o = make_order("CONFIRMED");
  const auto d = run(o, on::deadline);
  CHECK(d.alarm);
  CHECK(step_of(d).ttl == within.dispatch);
}

TEST_CASE("a released order waits on for its refund only") {
  auto o = make_order("XR+");
  o.rounds = 2;
  auto d = run(o, on::inventory_released);
  CHECK(step_of(d).ttl == within.settlement * 4);
  d = run(make_order("XB+"), on::inventory_released);
  CHECK_FALSE(step_of(d).ttl);
}

TEST_CASE("names") {
  for (int i = 0; i < order_status_count; ++i)
    CHECK(order_status_from(to_string(static_cast<st>(i))) == static_cast<st>(i));
  for (int i = 0; i < 5; ++i)
    CHECK(payment_status_from(to_string(static_cast<pay>(i))) == static_cast<pay>(i));
  CHECK(to_string(st::payment_success) == "PAYMENT_SUCCESS");
  CHECK(to_string(pay::refund_pending) == "REFUND_PENDING");
  CHECK_FALSE(order_status_from("created"));
  CHECK_FALSE(order_status_from(""));
  CHECK_FALSE(payment_status_from("VOIDED"));
}
