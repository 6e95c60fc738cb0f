// What looks again and again for work that was left: none of it may hide the rest by standing in
// front, and none may be asked for while it is being done.

#include "actors/inbox_keeper.hpp"
#include "actors/order_inbox.hpp"
#include "actors/order_sweeper.hpp"
#include "actors/payment_worker.hpp"
#include "tests/support/fake_inbox.hpp"
#include "tests/support/fake_order_store.hpp"
#include "tests/support/fake_payment_gateway.hpp"
#include "tests/support/fake_payment_store.hpp"
#include "tests/support/stage.hpp"

#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

struct door_house : stage {
  /// Orders that answer every command as `answers` says, and note whose it was.
  order_door orders() {
    return keep(sys.spawn([this]() -> order_door::behavior_type {
      return {[](view_atom, const std::string&, const std::string&) -> caf::result<order> {
                return make_fault(troupe::fault::not_found);
              },
              [this](const order_request& r) -> caf::result<order_answer> {
                told.insert(r.order_id);
                if (answers != troupe::fault::none)
                  return make_fault(answers, "why");
                return order_answer{};
              },
              [](const create_request&) -> caf::result<create_answer> {
                return make_fault(troupe::fault::internal);
              }};
    }));
  }

  troupe::fault answers = troupe::fault::none;
  std::set<std::string> told;
};

/// A new order that is past its deadline at once.
write_set overdue_creation(const std::string& id) {
  order draft;
  draft.id = id;
  draft.user_id = "ada";
  draft.shipping_address = "{}";
  draft.lines = {{"item" + id, "p1", 1, 100, "Lamp", ""}};
  draft.total = 100;
  return {draft, decide_creation(draft, {.unpaid = std::chrono::seconds(0)}, ""), std::nullopt};
}

} // namespace

TEST_CASE_FIXTURE(door_house, "an event is judged by what its order answers") {
  auto inbox = keep(sys.spawn(order_inbox_behavior, orders()));
  incoming_event e;
  e.topic = topic::inventory_updated;
  e.key = "o1";
  e.value = R"({"orderId":"o1","items":[]})";
  using kind = consumed::kind;
  using troupe::fault;
  const std::pair<fault, kind> rules[]
      = {{fault::none, kind::done},       {fault::unavailable, kind::unavailable},
         {fault::busy, kind::busy},       {fault::quarantined, kind::busy},
         {fault::internal, kind::busy},   {fault::impossible, kind::poison},
         {fault::not_found, kind::poison}};
  for (const auto& [answer, what] : rules) {
    CAPTURE(std::string(to_string(answer)));
    answers = answer;
    const auto got = ask<consumed>(event_handler(inbox), e);
    REQUIRE(got);
    CHECK(got->what == what);
  }
}

TEST_CASE_FIXTURE(door_house, "overdue orders that cannot move do not hide the others") {
  auto db = fake_orders::make();
  auto store = db->store();
  store->connect();
  for (int i = 0; i < 25; ++i)
    REQUIRE(store->commit(std::vector{overdue_creation("o" + std::to_string(i))}).at(0).outcome
            == commit_outcome::committed);
  answers = troupe::fault::quarantined;
  keep(sys.spawn(order_sweeper_behavior,
                 std::make_shared<std::unique_ptr<order_queries>>(db->queries()), orders(),
                 lease::unlimited(), shard_directory::alone(), sweeper_options{.batch = 10},
                 &count));
  run();
  CHECK(told.size() == 10);
  pass(std::chrono::seconds(2));
  CHECK(told.size() == 25);
  told.clear();
  pass(std::chrono::seconds(3)); // and from the first again
  CHECK(told.size() == 25);
}

TEST_CASE_FIXTURE(door_house, "the watchdog's gauge counts the overdue by state, at their owner") {
  const auto shown = [this](const std::string& state) {
    const auto text = count.text();
    const auto line = "troupe_orders_overdue{state=\"" + state + "\"} ";
    const auto at = text.find(line);
    REQUIRE(at != std::string::npos);
    return std::stoi(text.substr(at + line.size()));
  };
  auto db = fake_orders::make();
  auto store = db->store();
  store->connect();
  for (const auto* id : {"o1", "o2", "o3"})
    store->commit(std::vector{overdue_creation(id)});
  auto later = overdue_creation("o4");
  later.step.ttl = std::chrono::hours(1);
  store->commit(std::vector{later});
  auto mine = lease::unlimited();
  keep(sys.spawn(order_sweeper_behavior,
                 std::make_shared<std::unique_ptr<order_queries>>(db->queries()), orders(), mine,
                 shard_directory::alone(), sweeper_options{}, &count));
  run();
  CHECK(shown("CREATED") == 3);
  for (const auto* none : {"PAYMENT_PENDING", "PAYMENT_SUCCESS", "PAYMENT_FAILED", "CONFIRMED",
                           "DISPATCHED", "COMPLETED", "CANCELLED"})
    CHECK(shown(none) == 0);
  order found = db->queries()->load(std::vector<std::string>{"o1"}).at(0);
  order_step step;
  step.status = order_status::cancelled;
  step.ttl = std::chrono::hours(1);
  store->commit(std::vector{write_set{found, step, std::nullopt}});
  pass(std::chrono::seconds(6));
  CHECK(shown("CREATED") == 2);
  mine->owns_shards(false); // a standby that still showed them would have them counted twice
  pass(std::chrono::seconds(2));
  CHECK(shown("CREATED") == 0);
}

TEST_CASE_FIXTURE(stage, "another worker's abandoned attempts do not hide one's own") {
  auto db = std::make_shared<fake_payments>();
  auto gateway = std::make_shared<fake_payment_gateway>();
  fake_payment_store gone(db, 7);
  gone.connect();
  const auto begin = [&](const std::string& id) {
    payment_write one;
    one.attempt.order_id = id;
    one.attempt.attempt = 1;
    gone.write({&one, 1});
  };
  const auto worker_of = [](const std::string& id) { return shard_of(id) % 2; };
  int others = 0;
  for (int i = 0; others < 200; ++i)
    if (const auto id = "a" + std::to_string(i); worker_of(id) == 0) {
      begin(id);
      ++others;
    }
  std::string own = "z";
  while (worker_of(own) == 0)
    own += 'z';
  begin(own);
  db->fenced.insert(7);
  auto publisher = keep(
      sys.spawn([]() -> publisher_actor::behavior_type { return {[](const publication&) {}}; }));
  std::unique_ptr<payment_store> store = std::make_unique<fake_payment_store>(db, 8);
  keep(sys.spawn(payment_worker_behavior,
                 std::make_shared<std::unique_ptr<payment_store>>(std::move(store)), gateway,
                 publisher, payment_options{}, size_t{1}, size_t{2}));
  for (int i = 0; i < 30; ++i) {
    pass(std::chrono::seconds(1));
    gateway->deliver_all();
  }
  CHECK(db->orders.at(own).attempts.at(1).status == attempt_status::voided);
  CHECK(gateway->void_calls() == 1);
}

namespace {

using held_handler = event_handler::extend<caf::reacts_to<flush_atom>>;

struct kept_house : stage {
  kept_house() {
    handler = keep(sys.spawn([this](held_handler::pointer it) -> held_handler::behavior_type {
      return {[this, it](const incoming_event&) {
                ++asked;
                open = it->make_response_promise<consumed>();
                return open;
              },
              [this](flush_atom) {
                if (answer)
                  open.deliver(*answer);
                else
                  open.deliver(make_fault(troupe::fault::internal));
              }};
    }));
    parked_event waiting;
    waiting.order_id = "o1";
    fake_inbox(rows).park({waiting});
    std::unique_ptr<troupe::inbox> store = std::make_unique<fake_inbox>(rows);
    keep(sys.spawn(inbox_keeper_behavior, service::order,
                   std::make_shared<std::unique_ptr<troupe::inbox>>(std::move(store)), handler,
                   inbox_options{}, &count));
  }

  /// The handler answers what it holds so, or with an error; how often it has been asked one sweep
  /// later.
  int after(std::optional<consumed> with) {
    answer = std::move(with);
    caf::anon_send(handler, flush_atom::value);
    pass(std::chrono::seconds(6));
    return asked;
  }

  int asked = 0;
  caf::typed_response_promise<consumed> open;
  std::optional<consumed> answer;
  std::shared_ptr<fake_inbox_rows> rows = std::make_shared<fake_inbox_rows>();
  held_handler handler;
};

} // namespace

TEST_CASE_FIXTURE(kept_house, "a parked event is not asked for again while it is being tried") {
  pass(std::chrono::seconds(21));
  CHECK(asked == 1);
  CHECK(after(consumed{consumed::kind::busy, {}}) == 2);
  CHECK(after(std::nullopt) == 3);
  CHECK(after(consumed{}) == 3);
  CHECK(rows->parked.empty());
}
