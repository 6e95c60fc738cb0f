// What the planners of the stores add to the domain's rules. No server needed; what they share with
// the stores' promises is in the contract tests.

#include "persistence/notice_plan.hpp"
#include "persistence/payment_plan.hpp"
#include "persistence/stock_plan.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

struct counter {
  position last = 100;
  std::function<position()> next = [this] { return ++last; };
};

stock_view one_product() {
  stock_view view;
  view.products["a"] = {"Apple", 10, 0, 0, 4};
  return view;
}

stock_input input(stock_verb verb, std::string order_id, std::vector<stock_line> lines = {}) {
  stock_input in;
  in.verb = verb;
  in.order_id = std::move(order_id);
  in.lines = std::move(lines);
  in.origin.source = "s";
  in.origin.id = in.order_id + std::to_string(static_cast<int>(verb));
  return in;
}

parked_event waiting(int64_t id, std::string_view topic) {
  parked_event e;
  e.id = id;
  e.order_id = "o";
  e.what.topic = topic;
  e.what.source = "s";
  e.what.id = std::to_string(id);
  return e;
}

} // namespace

TEST_CASE("a stock plan guards what it read and gives rising positions") {
  counter positions;
  auto view = one_product();
  view.orders["o2"].record = {"o2", stock_state::reserved, {{"a", 1}}, 1};
  view.orders["o2"].version = 3;
  const auto plan = plan_stock(view,
                               std::vector{input(stock_verb::order_created, "o1", {{"a", 2}}),
                                           input(stock_verb::payment_success, "o2")},
                               0, positions.next);
  REQUIRE(plan.orders.size() == 2);
  CHECK(plan.orders[0].expected == 0);
  CHECK(plan.orders[1].expected == 3);
  CHECK(plan.orders[1].step == 2);
  REQUIRE(plan.products.size() == 1);
  CHECK(plan.products[0].expected == 4);
  CHECK(plan.products[0].stock == -2);
  CHECK(plan.products[0].reserved == 1);
  CHECK(plan.products[0].sold == 1);
  REQUIRE(plan.ledger.size() == 2);
  CHECK(plan.ledger[0].at == 101);
  CHECK(plan.ledger[0].kind == "reserve");
  CHECK(plan.ledger[1].at == 102);
  CHECK(plan.ledger[1].kind == "sell");
}

TEST_CASE("a product that moved there and back is guarded all the same") {
  counter positions;
  const auto plan = plan_stock(one_product(),
                               std::vector{input(stock_verb::order_created, "o", {{"a", 2}}),
                                           input(stock_verb::order_cancelled, "o")},
                               0, positions.next);
  REQUIRE(plan.products.size() == 1);
  CHECK(plan.products[0].stock == 0);
  CHECK(plan.products[0].expected == 4);
}

TEST_CASE("draining leaves what only the consumer can read, and never applies the input twice") {
  counter positions;
  auto view = one_product();
  auto& file = view.orders["o"];
  file.version = 1;
  file.waiting = {waiting(1, topic::order_created), waiting(2, topic::payment_success)};
  auto swept = input(stock_verb::order_created, "o", {{"a", 1}});
  swept.origin = file.waiting[0].what; // the sweep hands in what was parked
  file.waiting.push_back(waiting(3, topic::order_created));
  const auto plan = plan_stock(view, std::vector{swept}, 0, positions.next);
  CHECK(plan.unpark == std::vector<int64_t>{1, 2});
  CHECK(plan.ledger.size() == 2);
  REQUIRE(plan.results[0].events.size() == 1);
  CHECK(plan.results[0].events[0].event.what.topic == topic::inventory_updated);
}

TEST_CASE("lines of a record survive their column") {
  const std::vector<stock_line> lines = {{"a", 1}, {"b-2", 10000}};
  CHECK(decode_lines(encode_lines(lines)) == lines);
  CHECK_THROWS_AS(decode_lines("[{}]"), std::invalid_argument);
  CHECK_THROWS_AS(decode_lines("not json"), std::invalid_argument);
}

TEST_CASE("a payment is the sum of its attempts") {
  using a = attempt_status;
  using r = refund_status;
  auto sum = [](const std::vector<std::pair<a, r>>& attempts) {
    payment_file file;
    for (const auto& [status, refund] : attempts) {
      payment_attempt one;
      one.status = status;
      one.refund = refund;
      file.attempts.emplace(static_cast<int32_t>(file.attempts.size()) + 1, one);
    }
    return payment_sum(file);
  };
  CHECK(sum({{a::pending, r::none}}) == payment_status::pending);
  CHECK(sum({{a::declined, r::none}}) == payment_status::failed);
  CHECK(sum({{a::voided, r::none}}) == payment_status::failed);
  CHECK(sum({{a::declined, r::none}, {a::pending, r::none}}) == payment_status::pending);
  CHECK(sum({{a::declined, r::none}, {a::captured, r::none}}) == payment_status::success);
  CHECK(sum({{a::captured, r::pending}}) == payment_status::refund_pending);
  CHECK(sum({{a::captured, r::refused}}) == payment_status::refund_pending);
  CHECK(sum({{a::captured, r::refunded}}) == payment_status::refunded);
}
