// The order service's inbox and its keeper die of a bug and are made again: whoever waited is
// answered, and the next one is served.

#include "actors/event_pool.hpp"
#include "actors/inbox_keeper.hpp"
#include "actors/inbox_router.hpp"
#include "actors/order_inbox.hpp"
#include "telemetry/fail_point.hpp"
#include "tests/support/fake_inbox.hpp"
#include "tests/support/stage.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

incoming_event updated(const std::string& id) {
  incoming_event e;
  e.topic = topic::inventory_updated;
  e.key = id;
  e.value = R"({"orderId":")" + id + R"(","items":[]})";
  e.id = "inventory-" + id;
  e.source = "/troupe/inventory";
  return e;
}

parked_event parked(const std::string& id) {
  parked_event e;
  e.order_id = id;
  e.what = updated(id);
  return e;
}

/// Orders that answer when the test says so: at `flush`, all that were asked.
using slow_orders = order_door::extend<caf::reacts_to<flush_atom>>;

/// What outlives the actors.
struct inbox_world {
  std::vector<caf::typed_response_promise<order_answer>> asked;
};

struct inbox_house : inbox_world, stage {
  inbox_house() {
    orders = keep(sys.spawn([w = static_cast<inbox_world*>(this)](
                                slow_orders::pointer self) -> slow_orders::behavior_type {
      return {[](view_atom, const std::string&, const std::string&) { return order{}; },
              [self, w](const order_request&) {
                w->asked.push_back(self->make_response_promise<order_answer>());
                return w->asked.back();
              },
              [](const create_request&) { return create_answer{}; },
              [w](flush_atom) {
                for (auto& reply : std::exchange(w->asked, {}))
                  reply.deliver(order_answer{});
              }};
    }));
    inbox = keep(
        sys.spawn(event_pool_behavior, "order_inbox", size_t{1}, [this](size_t) -> event_handler {
          ++made;
          return sys.spawn(order_inbox_behavior, orders);
        }));
  }
  ~inbox_house() { arm_fail_points(""); }
  inbox_house(const inbox_house&) = delete;
  inbox_house& operator=(const inbox_house&) = delete;

  void answer_all() {
    self->send(orders, flush_atom::value); // a promise is delivered by its own actor
    run();
  }

  int made = 0;
  slow_orders orders;
  event_handler inbox;
};

} // namespace

TEST_CASE_FIXTURE(inbox_house, "an inbox that throws answers all that wait, and is made again") {
  auto first = send(inbox, updated("o1"));
  run();
  CHECK(asked.size() == 1);
  arm_fail_points("inbox.before_command=throw:o2");
  auto second = send(inbox, updated("o2"));
  run();
  CHECK_FALSE(answer_of<consumed>(first));
  CHECK_FALSE(answer_of<consumed>(second));
  CHECK(ask<consumed>(inbox, updated("o1"))->what == consumed::kind::unavailable);
  pass(std::chrono::milliseconds(100));
  CHECK(made == 2);
  auto again = send(inbox, updated("o1"));
  run();
  answer_all(); // the dead one's too: nobody waits for it any more
  CHECK(answer_of<consumed>(again)->what == consumed::kind::done);
}

TEST_CASE_FIXTURE(inbox_house, "a keeper that throws is made again, and knows what was parked") {
  auto rows = std::make_shared<fake_inbox_rows>();
  auto keeper = keep(sys.spawn(inbox_router_behavior, [this, rows](size_t) -> inbox_actor {
    std::unique_ptr<troupe::inbox> store = std::make_unique<fake_inbox>(rows);
    return sys.spawn(inbox_keeper_behavior, service::order,
                     std::make_shared<std::unique_ptr<troupe::inbox>>(std::move(store)), inbox,
                     inbox_options{}, &count);
  }));
  CHECK(*ask<bool>(keeper, park_atom::value, parked("o1")));
  arm_fail_points("inbox.before_keeping=throw");
  CHECK_FALSE(ask<bool>(keeper, park_atom::value, parked("o2")));
  CHECK_FALSE(ask<bool>(keeper, park_atom::value, parked("o2")));
  CHECK_FALSE(*ask<bool>(keeper, ping_atom::value));
  pass(std::chrono::milliseconds(100));
  CHECK(*ask<bool>(keeper, park_atom::value, parked("o2")));
  CHECK(*ask<bool>(keeper, ping_atom::value));
  answer_all();
  pass(std::chrono::seconds(10));
  answer_all();
  pass(std::chrono::seconds(10));
  CHECK(rows->parked.empty());
}
