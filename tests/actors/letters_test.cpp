// The admin's desk: lists over all services, and replays that have one effect.

#include "actors/letter_desk.hpp"
#include "actors/letter_router.hpp"
#include "tests/support/fake_letters.hpp"
#include "tests/support/stage.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

using slow_handler = event_handler::extend<caf::reacts_to<flush_atom>>;

incoming_event record(int64_t offset) {
  incoming_event e;
  e.topic = topic::inventory_updated;
  e.offset = offset;
  e.id = std::to_string(offset);
  e.source = "kafka";
  return e;
}

struct letter_house : stage {
  letter_house() {
    for (const auto of : all_services)
      rows[of] = std::make_shared<fake_inbox_rows>();
    handler = keep(sys.spawn([this](slow_handler::pointer it) -> slow_handler::behavior_type {
      return {[this, it](const incoming_event& e) -> caf::result<consumed> {
                handed.push_back(e);
                if (slow)
                  return open = it->make_response_promise<consumed>();
                return outcome();
              },
              [this](flush_atom) { open.deliver(consumed{}); }};
    }));
    router = keep(sys.spawn(letter_router_behavior, [this](size_t i) -> letters_actor {
      const auto of = all_services.at(i);
      std::unique_ptr<letters> store = std::make_unique<fake_letters>(of, rows.at(of));
      return sys.spawn(letter_desk_behavior,
                       std::make_shared<std::unique_ptr<letters>>(std::move(store)), handler,
                       letter_desk_options{of, of == service::emailing}, &count);
    }));
    run();
  }

  void bury(service of, int64_t offset) {
    fake_inbox(rows.at(of))
        .bury({{"troupe-" + std::string(to_string(of)), record(offset), "o1", "why"}});
  }

  caf::expected<letter_page> list(const letter_filter& by) {
    return ask<letter_page>(letters_actor(router), list_atom::value, by);
  }

  auto send_replay(const letter_id& id, std::optional<idempotency> key = std::nullopt) {
    return send(letters_actor(router), replay_atom::value,
                replay_request{id, "ann", std::move(key)});
  }

  caf::expected<replay_answer> replay_under(const letter_id& id, std::optional<idempotency> key) {
    auto pending = send_replay(id, std::move(key));
    run();
    return answer_of<replay_answer>(pending);
  }

  caf::expected<replay_outcome> replay(const letter_id& id) {
    const auto answer = replay_under(id, std::nullopt);
    if (!answer)
      return answer.error();
    CHECK_FALSE(answer->repeated);
    return answer->outcome;
  }

  /// Ends the hand-over of a `slow` handler.
  void hand_back() {
    caf::anon_send(handler, flush_atom::value);
    run();
  }

  caf::expected<bool> discard(const letter_id& id) {
    return ask<bool>(letters_actor(router), discard_atom::value, id, std::string("bob"));
  }

  std::map<service, std::shared_ptr<fake_inbox_rows>> rows;
  std::vector<incoming_event> handed;
  std::function<caf::result<consumed>()> outcome = [] { return consumed{}; };
  bool slow = false;
  caf::typed_response_promise<consumed> open;
  slow_handler handler;
  letter_router router;
};

constexpr letter_id first{service::order, letter_state::dead, 1};

} // namespace

TEST_CASE_FIXTURE(letter_house, "the pages of all services are one list without gaps or repeats") {
  // Numbers are ages here: (3 order, 2 payment, 0 inventory, 5 emailing) interleave, with ties.
  const std::pair<service, int> counts[]
      = {{service::order, 3}, {service::payment, 2}, {service::emailing, 5}};
  for (const auto& [of, n] : counts)
    for (int i = 1; i <= n; ++i)
      bury(of, i);
  const std::vector<std::string> whole = {
      "emailing-dead-5", "emailing-dead-4", "order-dead-3", "emailing-dead-3", "order-dead-2",
      "payment-dead-2",  "emailing-dead-2", "order-dead-1", "payment-dead-1",  "emailing-dead-1"};
  for (const int limit : {1, 2, 3, 4, 10, 100}) {
    CAPTURE(limit);
    std::vector<std::string> seen;
    letter_filter by;
    by.limit = limit;
    for (bool more = true; more;) {
      const auto page = list(by);
      REQUIRE(page);
      for (const auto& l : page->rows)
        seen.push_back(to_string(l.id));
      more = page->more;
      REQUIRE((!more || page->rows.size() == static_cast<size_t>(limit)));
      if (more)
        by.after = {page->rows.back().created_at, page->rows.back().id};
    }
    CHECK(seen == whole);
  }
  letter_filter one;
  one.of = service::payment;
  CHECK(list(one)->rows.size() == 2);
  one.state = letter_state::parked;
  CHECK(list(one)->rows.empty());
}

TEST_CASE_FIXTURE(letter_house, "pages that end early, because they are large, leave no gap") {
  for (int i = 1; i <= 7; ++i) {
    auto large = record(i);
    large.value.assign(max_letter_page_bytes / 3, 'x');
    fake_inbox(rows.at(service::order)).bury({{"troupe-order", large, "o1", "why"}});
    bury(service::emailing, i);
  }
  letter_filter by;
  by.limit = 100;
  std::vector<std::string> seen;
  for (bool more = true; more;) {
    const auto page = list(by);
    REQUIRE(page);
    REQUIRE_FALSE(page->rows.empty());
    for (const auto& l : page->rows)
      seen.push_back(to_string(l.id));
    more = page->more;
    by.after = {page->rows.back().created_at, page->rows.back().id};
  }
  std::vector<std::string> whole;
  for (int i = 7; i > 0; --i) {
    whole.push_back("order-dead-" + std::to_string(i));
    whole.push_back("emailing-dead-" + std::to_string(i));
  }
  CHECK(seen == whole);
}

TEST_CASE_FIXTURE(letter_house, "a list that one service cannot add to is no list") {
  bury(service::order, 1);
  rows[service::emailing]->down = true;
  const auto all = list({});
  CHECK(fault_of(all) == troupe::fault::unavailable);
  CHECK(detail_of(all.error()).find("emailing") != std::string::npos);
  letter_filter one;
  one.of = service::order;
  CHECK(list(one)->rows.size() == 1);
}

TEST_CASE_FIXTURE(letter_house,
                  "a replay that is applied is marked, and is not handed over again") {
  bury(service::order, 7);
  const auto answer = replay(first);
  REQUIRE(answer);
  CHECK(answer->applied);
  REQUIRE(handed.size() == 1);
  CHECK(handed[0] == record(7));
  CHECK(rows[service::order]->replayed.at(0) == "ann");
  CHECK(list({})->rows.empty());
  CHECK(replay(first)->applied);
  CHECK(handed.size() == 1);
  CHECK(count.text().find(R"(troupe_letter_replays_total{outcome="applied",service="order"} 1)")
        != std::string::npos);
}

TEST_CASE_FIXTURE(letter_house, "a replay that fails says why and leaves the letter where it is") {
  bury(service::order, 7);
  outcome = [] { return consumed{consumed::kind::poison, "an unknown order"}; };
  const auto answer = replay(first);
  REQUIRE(answer);
  CHECK_FALSE(answer->applied);
  CHECK(answer->error == "an unknown order");
  CHECK(list({})->rows.size() == 1);
  outcome = [] { return make_fault(troupe::fault::internal); };
  CHECK(replay(first)->error == "its handler crashed on it");
  CHECK(handed.size() == 2);
}

TEST_CASE_FIXTURE(letter_house, "what is only not possible now is a fault, not an outcome") {
  bury(service::order, 7);
  outcome = [] { return consumed{consumed::kind::busy, "not_owner"}; };
  CHECK(fault_of(replay(first)) == troupe::fault::busy);
  outcome = [] { return consumed{consumed::kind::unavailable, {}}; };
  CHECK(fault_of(replay(first)) == troupe::fault::unavailable);
  rows[service::order]->down = true;
  CHECK(fault_of(replay(first)) == troupe::fault::unavailable);
  CHECK(fault_of(discard(first)) == troupe::fault::unavailable);
  rows[service::order]->down = false;
  outcome = [] { return consumed{}; };
  CHECK(replay(first)->applied);
}

TEST_CASE_FIXTURE(letter_house, "two replays at the same time share one hand-over") {
  bury(service::order, 7);
  slow = true;
  auto a = send_replay(first), b = send_replay(first);
  run();
  CHECK(handed.size() == 1);
  hand_back();
  CHECK(answer_of<replay_answer>(a)->outcome.applied);
  CHECK(answer_of<replay_answer>(b)->outcome.applied);
  CHECK(handed.size() == 1);
}

TEST_CASE_FIXTURE(letter_house,
                  "a key's first answer is its answer, whatever became of the letter") {
  bury(service::order, 7);
  outcome = [] { return consumed{consumed::kind::poison, "an unknown order"}; };
  const idempotency failed{"a", "1"}, applied{"b", "1"};
  CHECK_FALSE(replay_under(first, failed)->repeated);
  outcome = [] { return consumed{}; };
  auto again = replay_under(first, failed);
  CHECK(again->repeated);
  CHECK_FALSE(again->outcome.applied);
  CHECK(again->outcome.error == "an unknown order");
  CHECK(handed.size() == 1);
  CHECK(replay_under(first, applied)->outcome.applied);
  CHECK(handed.size() == 2);
  again = replay_under(first, applied);
  CHECK(again->repeated);
  CHECK(again->outcome.applied);
  CHECK_FALSE(replay_under(first, failed)->outcome.applied);
  CHECK(fault_of(replay_under(first, idempotency{"b", "2"})) == troupe::fault::key_reused);
  // What is applied already is an outcome too, and its key is kept.
  CHECK_FALSE(replay_under(first, idempotency{"c", "1"})->repeated);
  CHECK(replay_under(first, idempotency{"c", "1"})->repeated);
  CHECK(handed.size() == 2);
  rows[service::order]->down = true;
  CHECK(fault_of(replay_under(first, applied)) == troupe::fault::unavailable);
}

TEST_CASE_FIXTURE(letter_house, "a key whose replay runs is in progress, other replays share it") {
  bury(service::order, 7);
  slow = true;
  const idempotency key{"a", "1"}, other{"b", "1"};
  auto a = send_replay(first, key), b = send_replay(first, other), c = send_replay(first);
  run();
  CHECK(fault_of(replay_under(first, key)) == troupe::fault::key_in_progress);
  CHECK(fault_of(replay_under(first, idempotency{"a", "2"})) == troupe::fault::key_reused);
  hand_back();
  for (auto* pending : {&a, &b, &c}) {
    const auto answer = answer_of<replay_answer>(*pending);
    CHECK(answer->outcome.applied);
    CHECK_FALSE(answer->repeated);
  }
  CHECK(handed.size() == 1);
  CHECK(rows[service::order]->keys.size() == 2);
  for (const auto& used : {key, other})
    CHECK(replay_under(first, used)->repeated);
}

TEST_CASE_FIXTURE(letter_house, "a key that another node has used meanwhile keeps its answer") {
  bury(service::order, 7);
  slow = true;
  auto a = send_replay(first, idempotency{"a", "1"}), b = send_replay(first, idempotency{"b", "1"});
  run();
  rows[service::order]->keys = {{"a", {"1", {false, "too early"}}}, {"b", {"2", {true, {}}}}};
  hand_back();
  const auto answer = answer_of<replay_answer>(a);
  CHECK(answer->repeated);
  CHECK(answer->outcome.error == "too early");
  CHECK(fault_of(answer_of<replay_answer>(b)) == troupe::fault::key_reused);
  CHECK(rows[service::order]->replayed.at(0) == "ann"); // it was applied all the same
}

TEST_CASE_FIXTURE(letter_house, "a key is free as long as there is no outcome") {
  bury(service::order, 7);
  const idempotency key{"a", "1"};
  outcome = [] { return consumed{consumed::kind::unavailable, {}}; };
  CHECK(fault_of(replay_under(first, key)) == troupe::fault::unavailable);
  constexpr letter_id none{service::order, letter_state::dead, 9};
  CHECK(fault_of(replay_under(none, key)) == troupe::fault::not_found);
  outcome = [this] {
    rows[service::order]->down = true; // applied, and nobody can note it
    return consumed{};
  };
  CHECK(fault_of(replay_under(first, key)) == troupe::fault::unavailable);
  rows[service::order]->down = false;
  outcome = [] { return consumed{}; };
  const auto answer = replay_under(first, idempotency{"a", "2"});
  CHECK(answer->outcome.applied);
  CHECK_FALSE(answer->repeated);
}

TEST_CASE_FIXTURE(letter_house, "a discarded letter is gone, with its trace") {
  bury(service::order, 7);
  CHECK(discard(first));
  CHECK(discard(first));
  CHECK(rows[service::order]->discarded.at(0) == "bob");
  CHECK(fault_of(replay(first)) == troupe::fault::not_found);
  CHECK(fault_of(discard({service::order, letter_state::dead, 2})) == troupe::fault::not_found);
  CHECK(handed.empty());
}

TEST_CASE_FIXTURE(letter_house,
                  "a parked event goes when it is applied, not when it must wait on") {
  for (const auto of : {service::order, service::emailing})
    fake_inbox(rows.at(of)).park({{0, "o1", record(1)}});
  CHECK(replay({service::order, letter_state::parked, 1})->applied);
  CHECK(rows[service::order]->parked.empty());
  // Emailing answers "done" also when it has parked it again; it takes it out itself.
  const letter_id waiting{service::emailing, letter_state::parked, 1};
  CHECK(replay(waiting)->error == "waits for its order");
  CHECK(rows[service::emailing]->parked.size() == 1);
  outcome = [this] {
    rows[service::emailing]->parked.clear();
    return consumed{};
  };
  CHECK(replay(waiting)->applied);
  CHECK(fault_of(replay(waiting)) == troupe::fault::not_found);
}

TEST_CASE_FIXTURE(letter_house, "whoever waits for a replay is answered when the desk ends") {
  bury(service::order, 7);
  slow = true;
  auto pending = send_replay(first);
  run();
  caf::anon_send_exit(router, caf::exit_reason::user_shutdown);
  run();
  CHECK(fault_of(answer_of<replay_answer>(pending)) == troupe::fault::unavailable);
}
