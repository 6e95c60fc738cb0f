// The order actor and its shard on the test coordinator, with the orders database in memory.

#include "tests/support/order_house.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

struct trouble_order : order_house {
  /// The order actor `id` throws whenever it takes up a command.
  trouble_order() {
    auto broken = *context;
    broken.clock = [this] {
      if (crash)
        throw std::runtime_error("broken on purpose");
      return now;
    };
    context = std::make_shared<const order_context>(std::move(broken));
  }
  bool crash = false;
};

/// Writes are committed, and their answers come when the test says so.
struct late_answers : order_house {
  using late_journal = order_journal::extend<caf::reacts_to<flush_atom>>;
  using held_back = std::pair<caf::typed_response_promise<commit_result>, commit_result>;

  late_answers() {
    auto late = *context;
    const auto real = journal;
    late_ = keep(sys.spawn([this, real](late_journal::pointer self) -> late_journal::behavior_type {
      return {[this, self, real](write_set& what) {
                auto reply = self->make_response_promise<commit_result>();
                self->request(real, caf::infinite, std::move(what))
                    .then([this, reply](commit_result& r) { held.emplace_back(reply, r); });
                return reply;
              },
              [this](flush_atom) {
                for (auto& [reply, result] : std::exchange(held, {}))
                  reply.deliver(result);
              }};
    }));
    late.journal = late_;
    context = std::make_shared<const order_context>(std::move(late));
  }

  void answer() {
    self->send(late_, flush_atom::value);
    run();
  }

  std::vector<held_back> held;

private:
  late_journal late_;
};

} // namespace

TEST_CASE_FIXTURE(order_house, "a creation is answered after its commit and publishes its event") {
  auto made = created("o1");
  CHECK(made.version == 1);
  CHECK(made.status == order_status::created);
  REQUIRE(store->all().size() == 1);
  REQUIRE(published.size() == 1);
  CHECK(published[0].what.topic == topic::order_created);
}

TEST_CASE_FIXTURE(order_house, "a used key gives the first order, another body is refused") {
  auto first = draft("o1");
  first.key = idempotency{"ada POST /orders k", "body-1"};
  REQUIRE(ask<create_answer>(region(), first));
  auto again = draft("o2");
  again.key = first.key;
  auto replay = ask<create_answer>(region(), again);
  REQUIRE(replay);
  CHECK(replay->replayed);
  CHECK(replay->now.id == "o1");
  auto other = draft("o3");
  other.key = idempotency{"ada POST /orders k", "body-2"};
  CHECK(fault_of(ask<create_answer>(region(), other)) == fault::key_reused);
  CHECK(store->all().size() == 1);
}

TEST_CASE_FIXTURE(order_house, "a command in the wrong state writes nothing") {
  created("o1");
  auto rows = store->journal_rows();
  CHECK(fault_of(ask<order_answer>(region(), command("o1", order_verb::deliver)))
        == fault::wrong_state);
  CHECK(store->journal_rows() == rows);
}

TEST_CASE_FIXTURE(order_house, "an order is its owner's alone, and an unknown one is not found") {
  created("o1");
  CHECK(ask<order>(region(), view_atom::value, std::string("o1"), std::string("ada")));
  CHECK(fault_of(ask<order>(region(), view_atom::value, std::string("o1"), std::string("eve")))
        == fault::not_found);
  auto foreign = command("o1", order_verb::cancel);
  foreign.user_id = "eve";
  CHECK(fault_of(ask<order_answer>(region(), foreign)) == fault::not_found);
  CHECK(fault_of(ask<order_answer>(region(), command("none", order_verb::cancel)))
        == fault::not_found);
}

TEST_CASE_FIXTURE(order_house, "forty concurrent payments are one charge and one outcome") {
  created("o1");
  using pending = decltype(send(region(), command("o1", order_verb::pay)));
  std::vector<pending> payers;
  payers.reserve(40);
  for (int i = 0; i < 40; ++i)
    payers.push_back(send(region(), command("o1", order_verb::pay)));
  run();
  REQUIRE(charges.size() == 1);
  CHECK(charges[0].what.attempt == 1);
  answer_charge(attempt_status::captured);
  for (auto& p : payers) {
    auto answer = answer_of<order_answer>(p);
    REQUIRE(answer);
    CHECK(answer->now.status == order_status::payment_success);
    CHECK(answer->now.transaction_id == "tx-1");
    CHECK_FALSE(answer->pending);
  }
  CHECK(charges.empty());
}

TEST_CASE_FIXTURE(order_house, "a declined order may be paid again, with the next attempt") {
  created("o1");
  auto first = send(region(), command("o1", order_verb::pay));
  run();
  answer_charge(attempt_status::declined);
  CHECK(answer_of<order_answer>(first)->now.status == order_status::payment_failed);
  auto second = send(region(), command("o1", order_verb::pay));
  run();
  REQUIRE(charges.size() == 1);
  CHECK(charges[0].what.attempt == 2);
  answer_charge(attempt_status::captured);
  CHECK(answer_of<order_answer>(second)->now.status == order_status::payment_success);
}

TEST_CASE_FIXTURE(order_house, "a gateway that stays silent: pending after the wait, then learnt") {
  created("o1");
  auto payer = send(region(), command("o1", order_verb::pay));
  pass(std::chrono::seconds(11));
  auto waited = answer_of<order_answer>(payer);
  REQUIRE(waited);
  CHECK(waited->pending);
  answer_charge(attempt_status::pending); // the worker gives up
  auto overdue = command("o1", order_verb::deadline);
  overdue.command.version = 2;
  ask<order_answer>(region(), overdue);
  REQUIRE(charges.size() == 1);
  CHECK(charges[0].settle);
  answer_charge(attempt_status::voided);
  auto now = ask<order>(region(), view_atom::value, std::string("o1"), std::string());
  CHECK(now->status == order_status::payment_failed);
}

TEST_CASE_FIXTURE(order_house, "who pays while the outcome is unknown is told so after the wait") {
  created("o1");
  auto first = send(region(), command("o1", order_verb::pay));
  run();
  answer_charge(attempt_status::pending); // the worker gives up
  CHECK(answer_of<order_answer>(first)->pending);
  pass(std::chrono::seconds(30));
  auto later = send(region(), command("o1", order_verb::pay));
  pass(std::chrono::seconds(11));
  auto answer = answer_of<order_answer>(later);
  REQUIRE(answer);
  CHECK(answer->pending);
  CHECK(charges.empty());
}

TEST_CASE_FIXTURE(order_house, "a version conflict reloads and runs the command again") {
  created("o1");
  store->conflict_next("o1");
  auto cancelled = ask<order_answer>(region(), command("o1", order_verb::cancel));
  REQUIRE(cancelled);
  CHECK(cancelled->now.status == order_status::cancelled);
}

TEST_CASE_FIXTURE(order_house, "a stale copy of an order does not bury a good event") {
  auto stale = keep(sys.spawn(order_behavior, created("o1"), context));
  auto payer = send(region(), command("o1", order_verb::pay));
  run();
  answer_charge(attempt_status::captured);
  REQUIRE(answer_of<order_answer>(payer));
  // To an order that was just created this would be a dead letter.
  auto answer = ask<order_answer>(stale, command("o1", order_verb::inventory_updated));
  REQUIRE(answer);
  CHECK(answer->now.status == order_status::confirmed);
}

TEST_CASE_FIXTURE(order_house, "an event that cannot be in any state is impossible") {
  created("o1");
  CHECK(fault_of(ask<order_answer>(region(), command("o1", order_verb::inventory_updated)))
        == fault::impossible);
  CHECK(ask<order_answer>(region(), command("o1", order_verb::cancel)));
}

TEST_CASE_FIXTURE(order_house, "an event that overtakes the creation's answer waits for it") {
  auto creation = send(region(), draft("o1"));
  auto rejection = send(region(), command("o1", order_verb::inventory_rejected));
  auto foreign = command("o1", order_verb::cancel);
  foreign.user_id = "eve";
  auto curious = send(region(), foreign);
  run();
  CHECK(answer_of<create_answer>(creation));
  auto rejected = answer_of<order_answer>(rejection);
  REQUIRE(rejected);
  CHECK(rejected->now.status == order_status::cancelled);
  CHECK(fault_of(answer_of<order_answer>(curious)) == fault::not_found);
}

TEST_CASE_FIXTURE(order_house, "a journal that dies ends the copy, and everybody is answered") {
  auto actor = keep(sys.spawn(order_behavior, created("o1"), context));
  auto first = send(actor, command("o1", order_verb::pay));
  auto second = send(actor, command("o1", order_verb::cancel));
  caf::anon_send_exit(journal, caf::exit_reason::kill);
  run();
  CHECK(fault_of(answer_of<order_answer>(first)) == fault::unavailable);
  CHECK(fault_of(answer_of<order_answer>(second)) == fault::unavailable);
}

TEST_CASE_FIXTURE(late_answers,
                  "a view tells what is committed already, though its order does not know") {
  const auto look = [this](const std::string& whose) {
    return ask<order>(region(), view_atom::value, std::string("o1"), whose);
  };
  auto creation = send(region(), draft("o1"));
  run();
  CHECK(look("ada")->version == 1);
  CHECK(fault_of(look("eve")) == fault::not_found);
  answer();
  CHECK(answer_of<create_answer>(creation));
  auto cancellation = send(region(), command("o1", order_verb::cancel));
  run();
  CHECK(look("ada")->version == 2);
  answer();
  CHECK(answer_of<order_answer>(cancellation)->now.version == 2);
}

TEST_CASE_FIXTURE(late_answers, "a command for an order that is not known to be there yet waits") {
  auto creation = send(region(), draft("o1"));
  run();
  auto cancellation = send(region(), command("o1", order_verb::cancel));
  auto theirs = command("o1", order_verb::cancel);
  theirs.user_id = "eve";
  auto strange = send(region(), theirs);
  run();
  answer(); // the creation's
  answer(); // the cancellation's
  CHECK(answer_of<create_answer>(creation));
  CHECK(answer_of<order_answer>(cancellation)->now.status == order_status::cancelled);
  CHECK(fault_of(answer_of<order_answer>(strange)) == fault::not_found);
}

TEST_CASE_FIXTURE(order_house, "the line behind a commit is bounded") {
  auto actor = keep(sys.spawn(order_behavior, created("o1"), context));
  store->set_down(true);
  using pending = decltype(send(actor, command("o1", order_verb::cancel)));
  std::vector<pending> waiting;
  for (size_t i = 0; i < order_state::max_waiting + 1; ++i)
    waiting.push_back(send(actor, command("o1", order_verb::cancel)));
  CHECK(fault_of(ask<order_answer>(actor, command("o1", order_verb::cancel))) == fault::busy);
  store->set_down(false);
  pass(std::chrono::seconds(5));
  for (auto& w : waiting)
    CHECK(answer_of<order_answer>(w)->now.status == order_status::cancelled);
}

TEST_CASE_FIXTURE(order_house, "those who wait for one charge are bounded") {
  auto actor = keep(sys.spawn(order_behavior, created("o1"), context));
  std::vector<decltype(send(actor, command("o1", order_verb::pay)))> payers;
  for (size_t i = 0; i < order_state::max_waiting + 1; ++i) {
    payers.push_back(send(actor, command("o1", order_verb::pay)));
    run();
  }
  answer_charge(attempt_status::captured);
  run();
  CHECK(fault_of(answer_of<order_answer>(payers.back())) == fault::busy);
  payers.pop_back();
  for (auto& p : payers)
    CHECK(answer_of<order_answer>(p)->now.status == order_status::payment_success);
}

TEST_CASE_FIXTURE(trouble_order, "those who wait for one order to be there again are bounded") {
  created("o1");
  crash = true;
  CHECK(fault_of(ask<order_answer>(region(), command("o1", order_verb::cancel)))
        == fault::unavailable);
  crash = false;
  const auto look
      = [this] { return send(region(), view_atom::value, std::string("o1"), std::string("ada")); };
  std::vector<decltype(look())> looks;
  for (size_t i = 0; i < shard_options{}.max_waiting + 1; ++i)
    looks.push_back(look());
  pass(std::chrono::seconds(2));
  CHECK(fault_of(answer_of<order>(looks.back())) == fault::busy);
  looks.pop_back();
  for (auto& l : looks)
    CHECK(answer_of<order>(l));
}

TEST_CASE_FIXTURE(trouble_order, "an order that throws is restarted, the others do not notice") {
  created("o1");
  created("o2");
  crash = true;
  CHECK(fault_of(ask<order_answer>(region(), command("o1", order_verb::cancel)))
        == fault::unavailable);
  crash = false;
  CHECK(ask<order_answer>(region(), command("o2", order_verb::cancel)));
  auto waits = send(region(), command("o1", order_verb::cancel));
  pass(std::chrono::seconds(1)); // the backoff
  CHECK(answer_of<order_answer>(waits)->now.status == order_status::cancelled);
}

TEST_CASE_FIXTURE(trouble_order, "an order that keeps throwing is quarantined and visible") {
  created("o1");
  crash = true;
  for (int i = 0; i < 3; ++i) {
    auto failed = send(region(), command("o1", order_verb::cancel));
    pass(std::chrono::seconds(3));
    CHECK(fault_of(answer_of<order_answer>(failed)) == fault::unavailable);
  }
  CHECK(fault_of(ask<order_answer>(region(), command("o1", order_verb::cancel)))
        == fault::quarantined);
  CHECK(count.text().find("troupe_orders_quarantined 1") != std::string::npos);
  CHECK(*ask<presence>(region(), diagnose_atom::value, std::string("o1")) == presence::quarantined);
  crash = false;
  CHECK(ask<create_answer>(region(), draft("o2")));
}

TEST_CASE_FIXTURE(order_house, "an idle order rests and is there again when asked") {
  created("o1");
  CHECK(count.text().find("troupe_orders_live 1") != std::string::npos);
  pass(std::chrono::seconds(120));
  CHECK(count.text().find("troupe_orders_live 0") != std::string::npos);
  auto cancelled = ask<order_answer>(region(), command("o1", order_verb::cancel));
  REQUIRE(cancelled);
  CHECK(cancelled->now.version == 2);
}

TEST_CASE_FIXTURE(order_house, "a store that is down is unavailable, and the next try works") {
  created("o1");
  pass(std::chrono::seconds(120));
  store->set_down(true);
  auto failed = ask<order>(region(), view_atom::value, std::string("o1"), std::string());
  CHECK(fault_of(failed) == fault::unavailable);
  store->set_down(false);
  CHECK(ask<order>(region(), view_atom::value, std::string("o1"), std::string()));
}
