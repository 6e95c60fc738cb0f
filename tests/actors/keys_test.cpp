// Idempotency keys of commands at the order actor, with the orders database in memory.

#include "tests/support/order_house.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

order_request keyed(order_verb verb, const std::string& key, const std::string& body = "body") {
  auto request = command("o1", verb);
  request.key
      = idempotency{"ada POST /orders/o1/" + std::string(to_string(verb)) + " " + key, body};
  return request;
}

struct keyed_order : order_house {
  keyed_order() { created("o1"); }

  /// A payment under `key` that ends as `outcome`.
  void pay(const std::string& key, attempt_status outcome) {
    auto payer = send(region(), keyed(order_verb::pay, key));
    run();
    answer_charge(outcome);
    REQUIRE(answer_of<order_answer>(payer));
  }
  void confirm() {
    REQUIRE(ask<order_answer>(region(), command("o1", order_verb::inventory_updated)));
  }
  order now_stored() {
    return *ask<order>(region(), view_atom::value, std::string("o1"), std::string());
  }
  /// The actor goes, and what it knew; the next command finds the order in the store.
  void forget() { pass(std::chrono::seconds(120)); }
};

} // namespace

TEST_CASE_FIXTURE(keyed_order, "a transition's key gives the order as the transition left it") {
  pay("p", attempt_status::captured);
  confirm();
  const auto sent = ask<order_answer>(region(), keyed(order_verb::dispatch, "d"));
  REQUIRE(sent);
  CHECK_FALSE(sent->replayed);
  const auto done = ask<order_answer>(region(), keyed(order_verb::deliver, "e"));
  REQUIRE(done);
  forget();
  const auto rows = store->journal_rows();
  for (const auto& [request, first] : {std::pair(keyed(order_verb::dispatch, "d"), sent),
                                       std::pair(keyed(order_verb::deliver, "e"), done)}) {
    const auto again = ask<order_answer>(region(), request);
    REQUIRE(again);
    CHECK(again->replayed);
    auto shown = again->now;
    shown.live = first->now.live; // what no client sees is as it is now
    CHECK(shown == first->now);
  }
  CHECK(store->journal_rows() == rows);
}

TEST_CASE_FIXTURE(keyed_order, "a key with another body is refused, whatever the order's state") {
  REQUIRE(ask<order_answer>(region(), keyed(order_verb::cancel, "c")));
  CHECK(fault_of(ask<order_answer>(region(), keyed(order_verb::cancel, "c", "other")))
        == fault::key_reused);
  CHECK(ask<order_answer>(region(), keyed(order_verb::cancel, "c"))->replayed);
  CHECK_FALSE(ask<order_answer>(region(), command("o1", order_verb::cancel))->replayed);
}

TEST_CASE_FIXTURE(keyed_order,
                  "a payment's key: refused while the attempt runs, then its outcome") {
  auto payer = send(region(), keyed(order_verb::pay, "p"));
  run();
  CHECK(fault_of(ask<order_answer>(region(), keyed(order_verb::pay, "p")))
        == fault::key_in_progress);
  CHECK(fault_of(ask<order_answer>(region(), keyed(order_verb::pay, "p", "other")))
        == fault::key_reused);
  auto joined = send(region(), keyed(order_verb::pay, "another"));
  run();
  answer_charge(attempt_status::captured);
  CHECK_FALSE(answer_of<order_answer>(payer)->replayed);
  CHECK(answer_of<order_answer>(joined)->now.status == order_status::payment_success);
  const auto again = ask<order_answer>(region(), keyed(order_verb::pay, "p"));
  REQUIRE(again);
  CHECK(again->replayed);
  CHECK(again->now.status == order_status::payment_success);
  CHECK(again->now.transaction_id == "tx-1");
  CHECK(charges.empty());
  // Who joined changed nothing, so that key is free.
  CHECK_FALSE(ask<order_answer>(region(), keyed(order_verb::pay, "another", "other"))->replayed);
}

TEST_CASE_FIXTURE(keyed_order,
                  "a declined attempt's key answers that decline, and charges nothing") {
  pay("first", attempt_status::declined);
  const auto declined = ask<order_answer>(region(), keyed(order_verb::pay, "first"));
  REQUIRE(declined);
  CHECK(declined->replayed);
  CHECK(declined->now.status == order_status::payment_failed);
  CHECK(charges.empty());
  pay("second", attempt_status::captured);
  forget();
  const auto still = ask<order_answer>(region(), keyed(order_verb::pay, "first"));
  CHECK(still->now.status == order_status::payment_failed);
  CHECK(still->now.transaction_id.empty());
  CHECK(ask<order_answer>(region(), keyed(order_verb::pay, "second"))->now.transaction_id
        == "tx-1");
}

TEST_CASE_FIXTURE(keyed_order,
                  "a payment's key answers what it was also when the order is cancelled") {
  pay("p", attempt_status::captured);
  REQUIRE(ask<order_answer>(region(), command("o1", order_verb::cancel)));
  CHECK(fault_of(ask<order_answer>(region(), keyed(order_verb::pay, "new")))
        == fault::order_cancelled);
  const auto again = ask<order_answer>(region(), keyed(order_verb::pay, "p"));
  REQUIRE(again);
  CHECK(again->now.status == order_status::payment_success);
}

TEST_CASE_FIXTURE(keyed_order,
                  "while the outcome is unknown a payment's key says so, until it is known") {
  auto payer = send(region(), keyed(order_verb::pay, "p"));
  run();
  answer_charge(attempt_status::pending); // the worker gives up
  CHECK(answer_of<order_answer>(payer)->pending);
  auto unknown = ask<order_answer>(region(), keyed(order_verb::pay, "p"));
  REQUIRE(unknown);
  CHECK(unknown->pending);
  CHECK_FALSE(unknown->replayed);
  CHECK(charges.empty());
  auto overdue = command("o1", order_verb::deadline);
  overdue.command.version = 2;
  ask<order_answer>(region(), overdue);
  answer_charge(attempt_status::captured);
  const auto known = ask<order_answer>(region(), keyed(order_verb::pay, "p"));
  CHECK_FALSE(known->pending);
  CHECK(known->replayed);
  CHECK(known->now.status == order_status::payment_success);
}

TEST_CASE_FIXTURE(keyed_order,
                  "after a crash in the attempt its key says unknown, and never charges") {
  auto payer = send(region(), keyed(order_verb::pay, "p"));
  run();
  REQUIRE(charges.size() == 1);
  auto fresh = keep(sys.spawn(order_behavior, store->all().front(), context));
  const auto again = ask<order_answer>(fresh, keyed(order_verb::pay, "p"));
  REQUIRE(again);
  CHECK(again->pending);
  CHECK(charges.size() == 1);
  answer_charge(attempt_status::captured); // the copy that began it lives on
  CHECK(answer_of<order_answer>(payer)->now.status == order_status::payment_success);
}

TEST_CASE_FIXTURE(keyed_order, "what changes nothing stores no key") {
  REQUIRE(ask<order_answer>(region(), command("o1", order_verb::cancel)));
  CHECK_FALSE(ask<order_answer>(region(), keyed(order_verb::cancel, "k"))->replayed);
  CHECK_FALSE(ask<order_answer>(region(), keyed(order_verb::cancel, "k", "other"))->replayed);
  CHECK(fault_of(ask<order_answer>(region(), keyed(order_verb::dispatch, "k")))
        == fault::wrong_state);
  CHECK(fault_of(ask<order_answer>(region(), keyed(order_verb::dispatch, "k", "other")))
        == fault::wrong_state);
}

TEST_CASE_FIXTURE(keyed_order, "forty with one key at once are one step") {
  using pending = decltype(send(region(), keyed(order_verb::cancel, "k")));
  std::vector<pending> crowd;
  crowd.reserve(40);
  for (int i = 0; i < 40; ++i)
    crowd.push_back(send(region(), keyed(order_verb::cancel, "k")));
  run();
  int replayed = 0;
  for (auto& each : crowd) {
    auto answer = answer_of<order_answer>(each);
    REQUIRE(answer);
    CHECK(answer->now.version == 2);
    replayed += answer->replayed ? 1 : 0;
  }
  CHECK(replayed == 39);
  CHECK(now_stored().version == 2);
}

TEST_CASE_FIXTURE(keyed_order, "a copy that is behind catches up before it answers for a key") {
  auto stale = keep(sys.spawn(order_behavior, store->all().front(), context));
  REQUIRE(ask<order_answer>(region(), keyed(order_verb::cancel, "k")));
  const auto again = ask<order_answer>(stale, keyed(order_verb::cancel, "k"));
  REQUIRE(again);
  CHECK(again->replayed);
  CHECK(again->now.version == 2);
}

TEST_CASE_FIXTURE(keyed_order, "a lost race looks the key up again") {
  store->conflict_next("o1");
  const auto first = ask<order_answer>(region(), keyed(order_verb::cancel, "k"));
  REQUIRE(first);
  CHECK_FALSE(first->replayed);
  CHECK(ask<order_answer>(region(), keyed(order_verb::cancel, "k"))->replayed);
}

TEST_CASE_FIXTURE(keyed_order, "a key that cannot be looked up is no excuse to act") {
  ask<order>(region(), view_atom::value, std::string("o1"), std::string());
  store->set_down(true);
  CHECK(fault_of(ask<order_answer>(region(), keyed(order_verb::cancel, "k")))
        == fault::unavailable);
  store->set_down(false);
  CHECK(now_stored().version == 1);
  CHECK(ask<order_answer>(region(), keyed(order_verb::cancel, "k"))->now.version == 2);
}

TEST_CASE_FIXTURE(keyed_order, "a key that has had its day is free again") {
  pay("p", attempt_status::declined);
  now += std::chrono::hours(25);
  auto payer = send(region(), keyed(order_verb::pay, "p", "other"));
  run();
  REQUIRE(charges.size() == 1);
  answer_charge(attempt_status::captured);
  CHECK(answer_of<order_answer>(payer)->now.status == order_status::payment_success);
  CHECK(ask<order_answer>(region(), keyed(order_verb::pay, "p", "other"))->replayed);
}
