// Inventory and emailing workers behind their pools, and the keeper of parked events and dead
// letters, with their databases in memory.

#include "actors/emailing_worker.hpp"
#include "actors/event_pool.hpp"
#include "actors/inbox_keeper.hpp"
#include "actors/inventory_worker.hpp"
#include "actors/notices.hpp"
#include "tests/support/fake_emailing_store.hpp"
#include "tests/support/fake_inbox.hpp"
#include "tests/support/fake_inventory_store.hpp"
#include "tests/support/stage.hpp"

#include <stdexcept>

using namespace troupe;
using namespace troupe::test;
using meets = store_fault;
using kind = consumed::kind;

namespace {

incoming_event event_of(std::string_view topic, const std::string& id, const std::string& value) {
  incoming_event e;
  e.topic = topic;
  e.key = id;
  e.value = value;
  e.id = "order-" + id + "-" + std::string(topic);
  e.source = "/troupe/order";
  return e;
}

incoming_event created(const std::string& id, int quantity = 1,
                       const std::string& product = "p-001") {
  return event_of(topic::order_created, id,
                  R"({"orderId":")" + id + R"(","userId":"ada","totalAmount":19.99,"items":[)"
                      + R"({"productId":")" + product + R"(","quantity":)"
                      + std::to_string(quantity) + "}]}");
}
incoming_event paid(const std::string& id) {
  return event_of(topic::payment_success, id, R"({"orderId":")" + id + R"("})");
}
incoming_event cancelled(const std::string& id) {
  return event_of(topic::order_cancelled, id,
                  R"({"orderId":")" + id + R"(","userId":"ada","reason":"no"})");
}

/// What outlives the actors.
struct workers_world {
  std::shared_ptr<fake_inventory> stock = std::make_shared<fake_inventory>();
  std::deque<meets> faults;
  bool throws = false; ///< the next transaction, once
  int transactions = 0;
  std::vector<publication> published;
  std::shared_ptr<fake_inbox_rows> inbox = std::make_shared<fake_inbox_rows>();
};

class counting_inventory : public fake_inventory_store {
public:
  explicit counting_inventory(workers_world& world)
      : fake_inventory_store(world.stock), world_(world) {}
  std::vector<stock_result> apply(std::span<const stock_input> inputs) override {
    if (std::exchange(world_.throws, false))
      throw std::runtime_error("on purpose");
    ++world_.transactions;
    session.faults = std::exchange(world_.faults, {});
    return fake_inventory_store::apply(inputs);
  }

private:
  workers_world& world_;
};

class counting_emailing : public fake_emailing_store {
public:
  explicit counting_emailing(workers_world& world)
      : fake_emailing_store(decode_notice), world_(world) {}
  notice_outcome apply(std::span<const notice> notices) override {
    if (std::exchange(world_.throws, false))
      throw std::runtime_error("on purpose");
    ++world_.transactions;
    return fake_emailing_store::apply(notices);
  }

private:
  workers_world& world_;
};

struct workers_house : workers_world, stage {
  using pending = decltype(std::declval<stage&>().send(std::declval<event_handler&>(),
                                                       std::declval<incoming_event>()));

  workers_house() {
    product lamp;
    lamp.id = "p-001";
    lamp.name = "Lamp";
    lamp.price = 1999;
    lamp.stock = 1000;
    stock->add_product(lamp);
    publisher = keep(
        sys.spawn([w = static_cast<workers_world*>(this)]() -> publisher_actor::behavior_type {
          return {[w](publication& p) { w->published.push_back(std::move(p)); }};
        }));
  }

  /// Inventory behind its pool, as in production.
  event_handler inventory() {
    return keep(sys.spawn(
        event_pool_behavior, "inventory_worker", size_t{1}, [this](size_t) -> event_handler {
          std::unique_ptr<inventory_store> store = std::make_unique<counting_inventory>(*this);
          return sys.spawn(inventory_worker_behavior,
                           std::make_shared<std::unique_ptr<inventory_store>>(std::move(store)),
                           publisher);
        }));
  }

  /// One database that outlives its worker.
  event_handler emailing() {
    return keep(sys.spawn(
        event_pool_behavior, "emailing_worker", size_t{1}, [this](size_t) -> event_handler {
          auto made = std::make_unique<counting_emailing>(*this);
          mails = made.get();
          return sys.spawn(emailing_worker_behavior,
                           std::make_shared<std::unique_ptr<emailing_store>>(std::move(made)),
                           static_cast<notification_observer*>(nullptr));
        }));
  }

  kind consume(const event_handler& by, const incoming_event& e) {
    auto answer = ask<consumed>(by, e);
    REQUIRE(answer);
    return answer->what;
  }

  std::vector<outgoing_event> events() const {
    std::vector<outgoing_event> all;
    for (const auto& p : published)
      all.insert(all.end(), p.events.begin(), p.events.end());
    return all;
  }

  const product& lamp() const { return stock->products.at("p-001").what; }

  publisher_actor publisher;
  counting_emailing* mails = nullptr; ///< of the present worker
};

} // namespace

TEST_CASE_FIXTURE(workers_house, "stock: concurrent events share transactions, 256 at most") {
  auto pool = inventory();
  run();
  std::vector<pending> all;
  all.reserve(300);
  for (int i = 0; i < 300; ++i)
    all.push_back(send(pool, created("o" + std::to_string(i))));
  run();
  for (auto& p : all)
    CHECK(answer_of<consumed>(p)->what == kind::done);
  CHECK(transactions <= 3);
  CHECK(lamp().stock == 700);
  CHECK(lamp().reserved == 300);
}

TEST_CASE_FIXTURE(workers_house, "stock: an order's way from reservation to sale and back") {
  auto pool = inventory();
  CHECK(consume(pool, created("o1", 3)) == kind::done);
  CHECK(consume(pool, paid("o1")) == kind::done);
  CHECK(lamp().sold == 3);
  CHECK(consume(pool, cancelled("o1")) == kind::done);
  CHECK(lamp().stock == 1000);
  CHECK(lamp().sold == 0);
  auto all = events();
  REQUIRE(all.size() == 2);
  CHECK(all[0].what.topic == topic::inventory_updated);
  CHECK(all[1].what.topic == topic::inventory_released);
}

TEST_CASE_FIXTURE(workers_house, "stock: an order that is short is rejected and takes nothing") {
  auto pool = inventory();
  CHECK(consume(pool, created("o1", 1001)) == kind::done);
  CHECK(lamp().stock == 1000);
  REQUIRE(events().size() == 1);
  CHECK(events()[0].what.topic == topic::inventory_rejected);
}

TEST_CASE_FIXTURE(workers_house, "stock: what comes too early waits for its order-created") {
  auto pool = inventory();
  CHECK(consume(pool, paid("o1")) == kind::done);
  CHECK(stock->orders.at("o1").waiting.size() == 1);
  CHECK(events().empty());
  CHECK(consume(pool, created("o1")) == kind::done);
  CHECK(stock->orders.at("o1").waiting.empty());
  CHECK(lamp().sold == 1);
  REQUIRE(events().size() == 1);
  CHECK(events()[0].what.topic == topic::inventory_updated);
}

TEST_CASE_FIXTURE(workers_house, "stock: a repeat changes nothing and publishes the same answer") {
  auto pool = inventory();
  consume(pool, created("o1"));
  consume(pool, paid("o1"));
  CHECK(consume(pool, created("o1")) == kind::done);
  CHECK(consume(pool, paid("o1")) == kind::done);
  CHECK(lamp().sold == 1);
  CHECK(lamp().reserved == 0);
  REQUIRE(events().size() == 2);
  CHECK(event_id(events()[0]) == event_id(events()[1]));
  CHECK_FALSE(published.back().owner); // nobody counts a repeat
}

TEST_CASE_FIXTURE(workers_house, "stock: poison harms nobody else in its batch") {
  auto pool = inventory();
  run();
  auto good = send(pool, created("o1"));
  auto unknown = send(pool, created("o2", 1, "p-404"));
  auto unread = send(pool, event_of(topic::order_created, "o3", "{"));
  auto foreign = send(pool, event_of(topic::order_completed, "o4", R"({"orderId":"o4"})"));
  auto also_good = send(pool, created("o5"));
  run();
  CHECK(answer_of<consumed>(good)->what == kind::done);
  auto bad = answer_of<consumed>(unknown);
  CHECK(bad->what == kind::poison);
  CHECK_FALSE(bad->error.empty());
  CHECK(answer_of<consumed>(unread)->what == kind::poison);
  CHECK(answer_of<consumed>(foreign)->what == kind::poison);
  CHECK(answer_of<consumed>(also_good)->what == kind::done);
  CHECK(lamp().reserved == 2);
}

TEST_CASE_FIXTURE(workers_house, "stock: a database that is down is told as such") {
  auto pool = inventory();
  faults = {meets::wait};
  CHECK(consume(pool, created("o1")) == kind::unavailable);
  faults = {meets::lost_before};
  CHECK(consume(pool, created("o1")) == kind::unavailable);
  CHECK(consume(pool, created("o1")) == kind::done);
  CHECK(lamp().reserved == 1);
}

TEST_CASE_FIXTURE(workers_house, "stock: a commit in doubt is applied once, its answer published") {
  auto pool = inventory();
  consume(pool, created("o1"));
  faults = {meets::lost_after};
  CHECK(consume(pool, paid("o1")) == kind::unavailable);
  CHECK(consume(pool, paid("o1")) == kind::done);
  CHECK(lamp().sold == 1);
  REQUIRE_FALSE(events().empty());
  CHECK(events()[0].what.topic == topic::inventory_updated);
}

TEST_CASE_FIXTURE(workers_house, "stock: a worker that throws answers all, and is made again") {
  auto pool = inventory();
  run();
  throws = true;
  auto first = send(pool, created("o1"));
  auto second = send(pool, created("o2"));
  run();
  CHECK_FALSE(answer_of<consumed>(first));
  CHECK_FALSE(answer_of<consumed>(second));
  CHECK(consume(pool, created("o1")) == kind::unavailable); // it is being made again
  pass(std::chrono::seconds(1));
  CHECK(consume(pool, created("o1")) == kind::done);
  CHECK(lamp().reserved == 1);
}

TEST_CASE_FIXTURE(workers_house, "mail: each event is one notification, however often it comes") {
  auto pool = emailing();
  CHECK(consume(pool, created("o1")) == kind::done);
  CHECK(consume(pool, created("o1")) == kind::done);
  CHECK(consume(pool, paid("o1")) == kind::done);
  REQUIRE(mails->notifications.size() == 2);
  CHECK(mails->notifications[0].user_id == "ada");
  CHECK(mails->notifications[1].user_id == "ada"); // known from order-created
  CHECK(mails->mails.size() == 2);
}

TEST_CASE_FIXTURE(workers_house, "mail: what comes too early waits until its user is known") {
  auto pool = emailing();
  CHECK(consume(pool, paid("o1")) == kind::done);
  CHECK(mails->notifications.empty());
  CHECK(consume(pool, created("o1")) == kind::done);
  CHECK(mails->notifications.size() == 2);
}

TEST_CASE_FIXTURE(workers_house, "mail: poison, a database that is down, and batches") {
  auto pool = emailing();
  run();
  CHECK(consume(pool, event_of(topic::order_created, "o1", "[]")) == kind::poison);
  CHECK(consume(pool, event_of(topic::inventory_updated, "o1", R"({"orderId":"o1"})"))
        == kind::poison);
  mails->down = true;
  CHECK(consume(pool, created("o1")) == kind::unavailable);
  mails->down = false;
  transactions = 0;
  std::vector<pending> all;
  all.reserve(300);
  for (int i = 0; i < 300; ++i)
    all.push_back(send(pool, created("o" + std::to_string(i))));
  run();
  for (auto& p : all)
    CHECK(answer_of<consumed>(p)->what == kind::done);
  CHECK(transactions <= 3);
  CHECK(mails->notifications.size() == 300);
}

TEST_CASE_FIXTURE(workers_house, "mail: a worker that throws answers all") {
  auto pool = emailing();
  run();
  throws = true;
  auto first = send(pool, created("o1"));
  auto second = send(pool, created("o2"));
  run();
  CHECK_FALSE(answer_of<consumed>(first));
  CHECK_FALSE(answer_of<consumed>(second));
}

TEST_CASE_FIXTURE(workers_house, "parked events are tried again until they can be applied") {
  kind says = kind::busy;
  std::map<std::string, int> tries;
  auto handler = keep(sys.spawn([&]() -> event_handler::behavior_type {
    return {[&](const incoming_event& e) {
      ++tries[e.key];
      return consumed{e.key == "bad" ? kind::poison : says, "why"};
    }};
  }));
  std::unique_ptr<troupe::inbox> rows = std::make_unique<fake_inbox>(inbox);
  auto keeper = keep(sys.spawn(inbox_keeper_behavior, service::order,
                               std::make_shared<std::unique_ptr<troupe::inbox>>(std::move(rows)),
                               handler, inbox_options{}, &count));
  for (const char* id : {"o1", "bad"}) {
    parked_event e;
    e.order_id = id;
    e.what = created(id);
    CHECK(*ask<bool>(inbox_actor(keeper), park_atom::value, e));
  }
  pass(std::chrono::seconds(16));
  CHECK(tries["o1"] == 4);
  CHECK(inbox->parked.size() == 1); // the bad one is a dead letter
  REQUIRE(inbox->dead.size() == 1);
  CHECK(inbox->dead[0].order_id == "bad");
  CHECK(inbox->dead[0].consumer == "troupe-order");
  CHECK(inbox->dead[0].error == "why");
  says = kind::unavailable;
  pass(std::chrono::seconds(5));
  CHECK(inbox->parked.size() == 1);
  says = kind::done;
  pass(std::chrono::seconds(10));
  CHECK(inbox->parked.empty());
  CHECK(count.text().find(R"(troupe_dead_letters{service="order",state="open"} 1)")
        != std::string::npos);
  CHECK(count.text().find(R"(troupe_parked_events{service="order"} 0)") != std::string::npos);
  inbox->down = true;
  CHECK_FALSE(ask<bool>(inbox_actor(keeper), bury_atom::value, dead_letter{}));
  CHECK_FALSE(*ask<bool>(inbox_actor(keeper), ping_atom::value));
  inbox->down = false;
}
