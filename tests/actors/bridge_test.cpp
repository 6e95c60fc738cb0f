// The door to Kafka on the coordinator, over the event bus in memory: what becomes of records whose
// service is well, busy, without its database, or crashes on them; and of events going out.

#include "actors/event_pool.hpp"
#include "actors/kafka_bridge.hpp"
#include "kafka-bridge/fake_bus.hpp"
#include "tests/support/stage.hpp"

#include <condition_variable>
#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

/// What outlives the actors.
struct bridge_world {
  kafka::fake_bus bus{1};
  size_t publisher_limit = 100'000;

  std::map<std::string, consumed> answers; ///< by key; else done
  std::set<std::string> crash_on;          ///< keys that kill their worker, and the batch with it
  std::map<std::string, int> tries;        ///< by key
  bool hold = false;                       ///< the worker keeps what it gets

  std::vector<parked_event> parked;
  std::vector<dead_letter> buried;
  bool inbox_down = false;
  std::vector<position> delivered;
};

using scripted_worker = event_handler::extend<caf::reacts_to<flush_atom>>;

/// Gathers what is in its mailbox, as the real workers do.
scripted_worker::behavior_type scripted(scripted_worker::pointer self, bridge_world* world) {
  struct batch {
    std::vector<incoming_event> events;
    std::vector<caf::typed_response_promise<consumed>> replies;
  };
  auto in = std::make_shared<batch>();
  return {[self, world, in](const incoming_event& e) {
            ++world->tries[e.key];
            in->events.push_back(e);
            in->replies.push_back(self->make_response_promise<consumed>());
            if (!world->hold)
              self->send(self, flush_atom::value);
            return in->replies.back();
          },
          [self, world, in](flush_atom) {
            auto now = std::exchange(*in, {});
            bool dies = std::any_of(now.events.begin(), now.events.end(),
                                    [&](const auto& e) { return world->crash_on.contains(e.key); });
            for (size_t i = 0; i < now.events.size(); ++i)
              if (dies)
                now.replies[i].deliver(make_fault(fault::unavailable));
              else
                now.replies[i].deliver(world->answers[now.events[i].key]);
            if (dies)
              self->quit(make_fault(fault::internal));
          }};
}

inbox_actor::behavior_type remembering(bridge_world* world) {
  auto keep = [world](auto& to, auto& what) -> caf::result<bool> {
    if (world->inbox_down)
      return make_fault(fault::unavailable);
    to.push_back(std::move(what));
    return true;
  };
  return {[=](park_atom, parked_event& e) { return keep(world->parked, e); },
          [=](bury_atom, dead_letter& l) { return keep(world->buried, l); },
          [](ping_atom) { return true; }};
}

struct bridge_house : bridge_world, stage {
  bridge_house() {
    bridge = keep(sys.spawn(
        bridge_behavior,
        [this](kafka::publisher_callbacks tell) {
          return bus.make_publisher(std::move(tell), publisher_limit);
        },
        [this](service s, kafka::consume_callback take) {
          return bus.make_consumer(kafka::group_of(s), {topic_name}, std::move(take));
        },
        bridge_options{}, &count));
    bridge_world* world = this;
    pool = keep(sys.spawn(event_pool_behavior, "scripted", size_t{1},
                          [this, world](size_t) -> event_handler {
                            worker = sys.spawn(scripted, world);
                            return worker;
                          }));
    inbox = keep(sys.spawn([world]() { return remembering(world); }));
    owner = keep(sys.spawn([world]() -> outbox_owner::behavior_type {
      return {[world](const std::vector<position>& rows) {
        world->delivered.insert(world->delivered.end(), rows.begin(), rows.end());
      }};
    }));
  }

  void consume() {
    self->send(bridge, flush_atom::value,
               std::vector<consuming_service>{{service::inventory, pool, inbox}});
    settle();
  }

  /// A record about order `id`.
  void record(const std::string& id) {
    bus.inject(topic_name, {id, R"({"orderId":")" + id + R"("})", {}});
  }

  void settle() {
    do
      run();
    while (bus.pump());
    run();
  }

  void live(std::chrono::milliseconds span) {
    for (auto passed = span * 0; passed < span; passed += std::chrono::milliseconds(10)) {
      time.advance_time(std::chrono::milliseconds(10));
      settle();
    }
  }

  int64_t committed() const { return bus.committed("troupe-inventory", topic_name, 0); }

  static outgoing_event event_at(position at, const std::string& value = "{}") {
    outgoing_event e;
    e.from = service::order;
    e.at = at;
    e.what = {std::string(topic::order_completed), "o" + std::to_string(at), value, {}};
    return e;
  }

  const std::string topic_name{topic::payment_success};
  bridge_actor bridge;
  event_pool pool;
  scripted_worker worker;
  inbox_actor inbox;
  outbox_owner owner;
};

struct crowded_house : bridge_world, stage {
  /// Four consumers that end only once all of them are ending.
  struct slow_consumer : kafka::event_consumer {
    explicit slow_consumer(crowded_house& h) : house(h) {}
    void done(std::vector<kafka::record_token>) override {}
    void pause_all() override {}
    void resume_all() override {}
    bool connected() const override { return false; }
    size_t assigned() const override { return 0; }
    void stop() override {
      std::unique_lock lock(house.guard);
      ++house.ending;
      house.all_there.notify_all();
      if (house.all_there.wait_for(lock, std::chrono::seconds(5),
                                   [&] { return house.ending >= 4; }))
        ++house.ended_together;
    }
    crowded_house& house;
  };
  std::mutex guard;
  std::condition_variable all_there;
  int ending = 0, ended_together = 0;
};

} // namespace

TEST_CASE_FIXTURE(bridge_house, "an offset is committed only after the effect") {
  hold = true;
  consume();
  record("o1");
  settle();
  CHECK(tries["o1"] == 1);
  CHECK(committed() == 0);
  self->send(worker, flush_atom::value);
  settle();
  CHECK(committed() == 1);
}

TEST_CASE_FIXTURE(bridge_house, "a busy record is tried again with a growing delay, then parked") {
  answers["o1"] = {consumed::kind::busy, {}};
  consume();
  record("o1");
  record("o2");
  live(std::chrono::seconds(29));
  CHECK(tries["o1"] > 5);
  CHECK(tries["o1"] < 25);
  CHECK(parked.empty());
  CHECK(committed() == 0);
  live(std::chrono::seconds(4));
  REQUIRE(parked.size() == 1);
  CHECK(parked[0].order_id == "o1");
  CHECK(parked[0].what.value == R"({"orderId":"o1"})");
  CHECK(committed() == 2);
  CHECK(buried.empty());
}

TEST_CASE_FIXTURE(bridge_house, "a busy record that gets through in time is not parked") {
  answers["o1"] = {consumed::kind::busy, {}};
  consume();
  record("o1");
  live(std::chrono::seconds(10));
  answers.clear();
  live(std::chrono::seconds(3));
  CHECK(committed() == 1);
  CHECK(parked.empty());
}

TEST_CASE_FIXTURE(bridge_house, "poison becomes a dead letter with its bytes and its place") {
  answers["o1"] = {consumed::kind::poison, "no such thing"};
  consume();
  record("o0");
  record("o1");
  settle();
  REQUIRE(buried.size() == 1);
  CHECK(buried[0].consumer == "troupe-inventory");
  CHECK(buried[0].order_id == "o1");
  CHECK(buried[0].error == "no such thing");
  CHECK(buried[0].what.topic == topic_name);
  CHECK(buried[0].what.offset == 1);
  CHECK(buried[0].what.value == R"({"orderId":"o1"})");
  CHECK(committed() == 2);
}

TEST_CASE_FIXTURE(bridge_house, "a dead letter counts as done only once it is kept") {
  answers["o1"] = {consumed::kind::poison, "bad"};
  inbox_down = true;
  consume();
  record("o1");
  live(std::chrono::seconds(5));
  CHECK(committed() == 0);
  inbox_down = false;
  live(std::chrono::seconds(3));
  CHECK(buried.size() == 1);
  CHECK(committed() == 1);
}

TEST_CASE_FIXTURE(bridge_house, "a database that is down pauses the partitions, its time is free") {
  answers["o1"] = {consumed::kind::unavailable, {}};
  consume();
  record("o1");
  settle();
  record("o2");
  live(std::chrono::minutes(2));
  CHECK(tries["o2"] == 0);
  CHECK(parked.empty());
  CHECK(committed() == 0);
  answers["o1"] = {consumed::kind::busy, {}}; // the database is back: now its 30 s begin
  live(std::chrono::seconds(20));
  CHECK(tries["o2"] == 1);
  CHECK(parked.empty());
  answers.clear();
  live(std::chrono::seconds(3));
  CHECK(committed() == 2);
  CHECK(parked.empty());
}

TEST_CASE_FIXTURE(bridge_house, "a record that crashes its handler is buried, its neighbours not") {
  crash_on = {"bad"};
  consume();
  for (const char* id : {"a", "b", "bad", "c", "d", "e", "f", "g", "h"})
    record(id);
  live(std::chrono::seconds(30));
  REQUIRE(buried.size() == 1);
  CHECK(buried[0].order_id == "bad");
  CHECK(tries["bad"] >= 3);
  CHECK(committed() == 9);
  CHECK(parked.empty());
}

TEST_CASE_FIXTURE(bridge_house, "what a fenced handler has not done is no dead letter") {
  consume();
  self->send_exit(worker, make_fault(fault::unavailable, std::string(fenced_detail)));
  settle(); // the pool ends with it, and for the same reason
  record("a");
  live(std::chrono::seconds(30));
  CHECK(buried.empty());
  CHECK(committed() <= 0);
}

TEST_CASE_FIXTURE(bridge_house, "a lone culprit leaves its partitions open behind it") {
  crash_on.insert("bad");
  consume();
  record("bad");
  live(std::chrono::seconds(30));
  REQUIRE(buried.size() == 1);
  record("o1");
  live(std::chrono::seconds(1));
  CHECK(tries["o1"] == 1);
  CHECK(committed() == 2);
}

TEST_CASE_FIXTURE(bridge_house, "while a handler is away, suspects still go one at a time") {
  crash_on = {"bad"};
  consume();
  for (const char* id : {"a", "bad", "b"})
    record(id);
  settle();
  for (const char* id : {"a", "bad", "b"})
    answers[id] = {consumed::kind::unavailable, {}};
  crash_on.clear();
  live(std::chrono::seconds(10));
  CHECK(tries["a"] > 3);
  CHECK(tries["b"] == 1); // or it would be there again when the culprit is
  answers.clear();
  live(std::chrono::seconds(5));
  CHECK(committed() == 3);
  CHECK(buried.empty());
}

TEST_CASE_FIXTURE(bridge_house, "suspects go on at once, however long they waited before") {
  consume();
  for (int i = 0; i < 20; ++i) {
    record("o" + std::to_string(i));
    answers["o" + std::to_string(i)] = {consumed::kind::unavailable, {}};
  }
  live(std::chrono::seconds(30)); // their delays have grown
  answers.clear();
  crash_on = {"o7"};
  live(std::chrono::seconds(10));
  CHECK(buried.size() == 1);
  CHECK(committed() == 20);
}

TEST_CASE_FIXTURE(bridge_house, "two culprits are both found, and later records go on") {
  crash_on = {"bad", "worse"};
  consume();
  for (const char* id : {"worse", "b", "bad", "c"})
    record(id);
  live(std::chrono::seconds(1));
  record("d");
  live(std::chrono::seconds(60));
  CHECK(buried.size() == 2);
  for (const auto& letter : buried)
    CHECK(crash_on.contains(letter.order_id));
  CHECK(committed() == 5);
}

TEST_CASE_FIXTURE(bridge_house, "what was delivered is told to its owner, a repeat to nobody") {
  self->send(bridge, publication{{event_at(7), event_at(8)}, owner});
  self->send(bridge, publication{{event_at(3)}, outbox_owner{}});
  run();
  CHECK(delivered.empty());
  settle();
  CHECK(delivered == std::vector<position>{7, 8});
  CHECK(bus.records(std::string(topic::order_completed)).size() == 3);
}

TEST_CASE_FIXTURE(bridge_house,
                  "with Kafka down events wait in order, and go out when it is back") {
  bus.set_down(true);
  for (position at = 1; at <= 5; ++at)
    self->send(bridge, publication{{event_at(at)}, owner});
  live(std::chrono::seconds(60));
  CHECK(delivered.empty());
  CHECK_FALSE(*ask<bool>(bridge, ping_atom::value));
  bus.set_down(false);
  settle();
  CHECK(delivered == std::vector<position>{1, 2, 3, 4, 5});
  CHECK(*ask<bool>(bridge, ping_atom::value));
}

TEST_CASE_FIXTURE(bridge_house,
                  "an event that Kafka refuses for good does not hold up the others") {
  bus.set_max_value(10);
  self->send(bridge,
             publication{{event_at(1), event_at(2, std::string(11, ' ')), event_at(3)}, owner});
  settle();
  std::sort(delivered.begin(), delivered.end());
  CHECK(delivered == std::vector<position>{1, 2, 3});
  CHECK(count.text().find("troupe_events_refused_total 1") != std::string::npos);
}

TEST_CASE_FIXTURE(bridge_house,
                  "the last delivery reports reach their owner when the bridge ends") {
  consume();
  record("o1");
  settle();
  self->send(bridge, publication{{event_at(1)}, owner});
  run();
  caf::anon_send_exit(bridge, caf::exit_reason::user_shutdown);
  run();
  CHECK(delivered == std::vector<position>{1});
  CHECK(committed() == 1);
  bridge_world::answers.clear();
  record("o2");
  settle();
  CHECK(tries["o2"] == 0);
}

TEST_CASE("a full publisher queue is tried again, in order") {
  struct narrow : bridge_world {
    narrow() { publisher_limit = 2; }
  };
  struct narrow_house : narrow, stage {
  } house;
  auto publisher = [&](kafka::publisher_callbacks tell) {
    return house.bus.make_publisher(std::move(tell), house.publisher_limit);
  };
  auto bridge = house.keep(house.sys.spawn(bridge_behavior, publisher, consumer_maker{},
                                           bridge_options{}, &house.count));
  publication many;
  for (position at = 1; at <= 9; ++at) {
    many.events.push_back(bridge_house::event_at(at));
    many.events.back().what.key = "same";
  }
  house.self->send(bridge, many);
  for (int i = 0; i < 50; ++i) {
    house.pass(std::chrono::milliseconds(20));
    house.bus.pump();
  }
  auto all = house.bus.records(std::string(topic::order_completed));
  REQUIRE(all.size() == 9);
  for (size_t i = 0; i < all.size(); ++i)
    CHECK(all[i].headers == kafka::headers_of(many.events[i]));
}

TEST_CASE_FIXTURE(crowded_house, "all consumers are stopped at once") {
  auto bridge = sys.spawn(
      bridge_behavior,
      [this](kafka::publisher_callbacks tell) { return bus.make_publisher(std::move(tell)); },
      [this](service, const kafka::consume_callback&) {
        return std::make_unique<slow_consumer>(*this);
      },
      bridge_options{}, &count);
  std::vector<consuming_service> all;
  for (auto s : {service::order, service::payment, service::inventory, service::emailing})
    all.push_back({s, {}, {}});
  self->send(bridge, flush_atom::value, all);
  run();
  caf::anon_send_exit(bridge, caf::exit_reason::user_shutdown);
  run();
  CHECK(ended_together == 4);
}
