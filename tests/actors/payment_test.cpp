// What payment workers do with charges, refunds and their gateway.

#include "tests/actors/payment_house.hpp"

using namespace troupe;
using namespace troupe::test;
using meets = store_fault;
using at_gateway = troupe::test::gateway_fault;

TEST_CASE_FIXTURE(payment_house, "a charge is captured once and told to all who asked") {
  auto first = pay(charge_of("o1"));
  auto second = pay(charge_of("o1"));
  settle();
  CHECK(status_of(first) == attempt_status::captured);
  CHECK(status_of(second) == attempt_status::captured);
  CHECK((*first)->value().transaction_id == "tx1");
  auto third = pay(charge_of("o1"));
  settle();
  CHECK(status_of(third) == attempt_status::captured);
  CHECK(gateway->charge_calls() == 1);
  CHECK(gateway->captured("o1") == 1);
  CHECK(row("o1").status == attempt_status::captured);
}

TEST_CASE_FIXTURE(payment_house, "a declined card is told with its reason") {
  auto paid = pay(charge_of("o1", 1, declining_card));
  settle();
  CHECK(status_of(paid) == attempt_status::declined);
  CHECK_FALSE((*paid)->value().reason.empty());
  auto again = pay(charge_of("o1", 2));
  settle();
  CHECK(status_of(again) == attempt_status::captured);
}

TEST_CASE_FIXTURE(payment_house, "the gateway is asked only after the attempt is committed") {
  store->session.faults = {meets::wait, meets::wait};
  auto paid = pay(charge_of("o1"));
  CHECK(gateway->charge_calls() == 0);
  CHECK(db->orders.empty());
  live(a_while);
  CHECK(status_of(paid) == attempt_status::captured);
  CHECK(gateway->charge_calls() == 1);
}

TEST_CASE_FIXTURE(payment_house, "the outcome is committed before it is answered") {
  auto paid = pay(charge_of("o1"));
  store->session.faults = {meets::wait, meets::lost_before, meets::wait};
  settle();
  CHECK(row("o1").status == attempt_status::pending);
  CHECK_FALSE(paid->has_value());
  live(a_while);
  CHECK(row("o1").status == attempt_status::captured);
  CHECK(status_of(paid) == attempt_status::captured);
  CHECK(gateway->charge_calls() == 1);
}

TEST_CASE_FIXTURE(payment_house, "an attempt whose commit is in doubt is never charged") {
  store->session.faults = {meets::lost_after};
  auto paid = pay(charge_of("o1"));
  live(a_while);
  CHECK(status_of(paid) == attempt_status::voided);
  CHECK(gateway->charge_calls() == 0);
  CHECK(gateway->captured("o1") == 0);
}

TEST_CASE_FIXTURE(payment_house, "a worker that dies before the attempt's commit: voided") {
  throw_before = payment_write::kind::begin;
  auto paid = pay(charge_of("o1"));
  live(a_while);
  REQUIRE(paid->has_value());
  CHECK_FALSE(**paid); // nobody knows
  auto learnt = learn(charge_of("o1"));
  settle();
  CHECK(status_of(learnt) == attempt_status::voided);
  auto late = pay(charge_of("o1"));
  settle();
  CHECK(status_of(late) == attempt_status::voided);
  CHECK(gateway->charge_calls() == 0);
}

TEST_CASE_FIXTURE(payment_house, "a worker that dies after the attempt's commit: voided") {
  throw_after = payment_write::kind::begin;
  auto paid = pay(charge_of("o1"));
  live(a_while);
  CHECK_FALSE(**paid);
  auto again = pay(charge_of("o1")); // also a charge of the same attempt only learns
  settle();
  CHECK(status_of(again) == attempt_status::voided);
  CHECK(gateway->charge_calls() == 0);
  CHECK(gateway->captured("o1") == 0);
}

TEST_CASE_FIXTURE(payment_house, "a worker that dies with the outcome in its hands: learnt") {
  throw_before = payment_write::kind::outcome;
  auto paid = pay(charge_of("o1"));
  live(a_while);
  CHECK_FALSE(**paid);
  CHECK(row("o1").status == attempt_status::pending);
  auto learnt = learn(charge_of("o1"));
  settle();
  CHECK(status_of(learnt) == attempt_status::captured);
  CHECK(gateway->charge_calls() == 1);
  CHECK(gateway->captured("o1") == 1);
}

TEST_CASE_FIXTURE(payment_house, "no answer is pending, and says nothing about the money") {
  gateway->next_charges({at_gateway::lost_before});
  auto lost = pay(charge_of("o1"));
  gateway->next_charges({at_gateway::captured_then_unknown});
  auto unheard = pay(charge_of("o2"));
  settle();
  CHECK(status_of(lost) == attempt_status::pending);
  CHECK(status_of(unheard) == attempt_status::pending);
  CHECK(row("o1").status == attempt_status::pending);
  CHECK(row("o2").status == attempt_status::pending);
  auto first = learn(charge_of("o1"));
  auto second = learn(charge_of("o2"));
  settle();
  CHECK(status_of(first) == attempt_status::voided);
  CHECK(status_of(second) == attempt_status::captured);
  CHECK(gateway->charge_calls() == 2);
}

TEST_CASE_FIXTURE(payment_house, "a late charge is learnt by the void, or refused after it") {
  gateway->next_charges({at_gateway::late, at_gateway::late});
  auto early = pay(charge_of("o1"));
  settle();
  gateway->arrive_late(); // before anybody asks
  auto learnt = learn(charge_of("o1"));
  settle();
  CHECK(status_of(learnt) == attempt_status::captured);
  auto slow = pay(charge_of("o2"));
  settle();
  auto voided = learn(charge_of("o2"));
  settle();
  CHECK(status_of(voided) == attempt_status::voided);
  gateway->arrive_late(); // after the void
  CHECK(gateway->captured("o2") == 0);
}

TEST_CASE_FIXTURE(payment_house,
                  "a gateway that is down leaves an attempt pending until it answers") {
  gateway->set_down(true);
  auto paid = pay(charge_of("o1"));
  settle();
  auto asked = learn(charge_of("o1"));
  settle();
  CHECK(status_of(paid) == attempt_status::pending);
  CHECK(status_of(asked) == attempt_status::pending);
  gateway->set_down(false);
  auto again = learn(charge_of("o1"));
  settle();
  CHECK(status_of(again) == attempt_status::voided);
}

TEST_CASE_FIXTURE(payment_house, "what a fenced node left pending is settled by the sweep") {
  fake_payment_store other(db, 7);
  other.connect();
  payment_write begin;
  begin.attempt.order_id = "o1";
  begin.attempt.attempt = 1;
  begin.attempt.amount = 1999;
  other.write({&begin, 1});
  live(std::chrono::seconds(6));
  CHECK(gateway->void_calls() == 0); // it lives
  db->fenced.insert(7);
  live(std::chrono::seconds(6));
  CHECK(row("o1").status == attempt_status::voided);
  CHECK(gateway->charge_calls() == 0);
}

TEST_CASE_FIXTURE(payment_house, "a cancelled order gets its money back, told once") {
  captured("o1");
  CHECK(consume(cancelled("o1")) == consumed::kind::done);
  CHECK(row("o1").refund == refund_status::pending); // committed, before the gateway is asked
  CHECK(gateway->refund_calls() == 0);
  live(a_while);
  CHECK(row("o1").refund == refund_status::refunded);
  CHECK(gateway->refunded_count("o1") == 1);
  REQUIRE(events().size() == 1);
  CHECK(events()[0].what.topic == topic::payment_refunded);
  CHECK(events()[0].what.key == "o1");
  live(std::chrono::minutes(2));
  CHECK(gateway->refund_calls() == 1);
  CHECK(events().size() == 1);
}

TEST_CASE_FIXTURE(payment_house, "a repeated order-cancelled publishes the stored answer again") {
  captured("o1");
  consume(cancelled("o1"));
  CHECK(consume(cancelled("o1")) == consumed::kind::done); // the sweep is at it
  live(a_while);
  CHECK(consume(cancelled("o1")) == consumed::kind::done);
  REQUIRE(events().size() == 2);
  CHECK(event_id(events()[0]) == event_id(events()[1]));
  CHECK(published[0].owner);
  CHECK_FALSE(published[1].owner); // nobody counts it
  CHECK(gateway->refund_calls() == 1);
}

TEST_CASE_FIXTURE(payment_house, "two cancellations of one order in one batch are one refund") {
  captured("o1");
  auto first = send(payment_pool(pool), cancelled("o1"));
  auto second = send(payment_pool(pool), cancelled("o1"));
  settle();
  CHECK(answer_of<consumed>(first)->what == consumed::kind::done);
  CHECK(answer_of<consumed>(second)->what == consumed::kind::done);
  live(a_while);
  CHECK(gateway->refund_calls() == 1);
  CHECK(events().size() == 1);
}

TEST_CASE_FIXTURE(payment_house, "an order cancelled with a pending attempt is settled first") {
  gateway->next_charges({at_gateway::captured_then_unknown});
  auto unheard = pay(charge_of("o1"));
  settle();
  CHECK(consume(cancelled("o1")) == consumed::kind::busy);
  live(a_while);
  CHECK(row("o1").status == attempt_status::captured); // learnt
  CHECK(consume(cancelled("o1")) == consumed::kind::done);
  live(a_while);
  CHECK(gateway->refunded_count("o1") == 1);
  gateway->next_charges({at_gateway::lost_before});
  auto lost = pay(charge_of("o2"));
  settle();
  CHECK(consume(cancelled("o2")) == consumed::kind::busy);
  live(a_while);
  CHECK(row("o2").status == attempt_status::voided);
  CHECK(consume(cancelled("o2")) == consumed::kind::done);
  live(a_while);
  CHECK(gateway->refund_calls() == 1);
}

TEST_CASE_FIXTURE(payment_house, "an order that was never paid needs no refund") {
  CHECK(consume(cancelled("o1")) == consumed::kind::done);
  live(a_while);
  CHECK(gateway->refund_calls() == 0);
  CHECK(events().empty());
}

TEST_CASE_FIXTURE(payment_house, "a refund that gets no answer is tried until it is given, once") {
  captured("o1");
  gateway->set_down(true);
  consume(cancelled("o1"));
  live(std::chrono::minutes(1));
  auto tries = gateway->refund_calls();
  CHECK(tries > 2);
  CHECK(tries < 12); // with a growing delay
  CHECK(row("o1").refund == refund_status::pending);
  gateway->set_down(false);
  live(std::chrono::minutes(2));
  CHECK(row("o1").refund == refund_status::refunded);
  CHECK(gateway->refunded_count("o1") == 1);
  CHECK(events().size() == 1);
}

TEST_CASE_FIXTURE(payment_house,
                  "a worker that dies with the refund's answer: asked again, once given") {
  captured("o1");
  throw_before = payment_write::kind::refund_end;
  consume(cancelled("o1"));
  live(std::chrono::minutes(1)); // the claim ends after 30 s
  CHECK(row("o1").refund == refund_status::refunded);
  CHECK(gateway->refund_calls() == 2);
  CHECK(gateway->refunded_count("o1") == 1);
  CHECK(events().size() == 1);
}

TEST_CASE_FIXTURE(payment_house, "a refund whose commit is in doubt is still told") {
  captured("o1");
  consume(cancelled("o1"));
  pass(std::chrono::milliseconds(400)); // the gateway is asked
  REQUIRE(gateway->refund_calls() == 1);
  store->session.faults = {meets::lost_after};
  live(std::chrono::seconds(10));
  CHECK(row("o1").refund == refund_status::refunded);
  CHECK(events().size() == 1); // from the old stream
}

TEST_CASE_FIXTURE(payment_house,
                  "a refund that is refused for good stays visible and tells nobody") {
  std::vector<payment_write> paid_elsewhere(2);
  for (auto& w : paid_elsewhere) {
    w.attempt.order_id = "o1";
    w.attempt.attempt = 1;
    w.attempt.amount = 1999;
  }
  paid_elsewhere[1].what = payment_write::kind::outcome;
  paid_elsewhere[1].attempt.status = attempt_status::captured;
  store->write({paid_elsewhere.data(), 1});
  store->write({&paid_elsewhere[1], 1});
  consume(cancelled("o1"));
  live(a_while);
  CHECK(row("o1").refund == refund_status::refused);
  CHECK(events().empty());
  CHECK(consume(cancelled("o1")) == consumed::kind::done);
  live(std::chrono::minutes(1));
  CHECK(gateway->refund_calls() == 1);
}

TEST_CASE_FIXTURE(payment_house, "a database that is down is told as such, nothing is lost") {
  captured("o1");
  store->session.drop();
  store->session.refusals = 3;
  CHECK(consume(cancelled("o1")) == consumed::kind::unavailable);
  live(a_while);
  CHECK(consume(cancelled("o1")) == consumed::kind::done);
  live(a_while);
  CHECK(gateway->refunded_count("o1") == 1);
}

TEST_CASE_FIXTURE(payment_house, "what is not order-cancelled, or cannot be read, is poison") {
  auto other = cancelled("o1");
  other.topic = topic::order_created;
  CHECK(consume(other) == consumed::kind::poison);
  auto broken = cancelled("o1");
  broken.value = "{";
  CHECK(consume(broken) == consumed::kind::poison);
}
