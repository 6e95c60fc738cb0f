// What order_store promises about commits, on the real one and on its fake.

#include "tests/persistence/order_worlds.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

using namespace troupe;
using namespace troupe::test;

EACH_WORLD("a creation is there as it was drafted") {
  world w;
  auto store = w.store();
  store->connect();
  store->connect();
  auto queries = w.queries();
  const auto set = creation(draft("a"));
  const auto result = commit_one(*store, set);
  REQUIRE(result.outcome == commit_outcome::committed);
  CHECK(stream_of(result.at) == store->log().stream());
  REQUIRE(result.events.size() == 1);
  const auto& e = result.events[0];
  CHECK(e.from == service::order);
  CHECK(e.at == result.at);
  CHECK(e.index == 0);
  CHECK(e.sequence == 1);
  CHECK(e.time == result.time);
  CHECK(e.what == set.step.events[0]);
  CHECK(loaded(*queries, "ordera") == apply(set.current, set.step, result.time));
  CHECK_FALSE(loaded(*queries, "orderb"));
}

EACH_WORLD("steps move an order, touches only its columns, and both only at their version") {
  world w;
  auto store = w.store();
  store->connect();
  auto queries = w.queries();
  auto o = committed(*store, creation(draft("a")));
  const auto first = o;
  o = committed(*store, step_of(o, order_status::payment_pending, payment_status::pending));
  CHECK(loaded(*queries, o.id) == o);

  CHECK(commit_one(*store, step_of(first, order_status::cancelled, payment_status::pending)).outcome
        == commit_outcome::conflict);
  auto unknown = draft("z");
  unknown.version = 1;
  CHECK(commit_one(*store, touch_of(unknown, 1)).outcome == commit_outcome::conflict);
  CHECK(commit_one(*store, touch_of(first, 1)).outcome == commit_outcome::conflict);
  CHECK(loaded(*queries, o.id) == o);

  const auto touched = commit_one(*store, touch_of(o, 4));
  CHECK(touched.outcome == commit_outcome::committed);
  CHECK(touched.at == 0);
  CHECK(touched.events.empty());
  o = apply(o, touch_of(o, 4).step, touched.time);
  CHECK(o.version == 2);
  CHECK(o.rounds == 4);
  CHECK(loaded(*queries, o.id) == o);

  o = committed(*store, step_of(o, order_status::completed, payment_status::success, std::nullopt));
  CHECK_FALSE(o.live);
  CHECK(loaded(*queries, o.id) == o);
}

EACH_WORLD("one batch has all outcomes, each in its place") {
  world w;
  auto store = w.store();
  store->connect();
  const auto a = committed(*store, creation(draft("a"), idempotency{"u POST /orders k1", "h1"}));
  const auto b = committed(*store, creation(draft("b")));
  auto bad = creation(draft("bad"));
  bad.current.lines[1].quantity = 0;
  const std::vector<write_set> sets
      = {creation(draft("c"), idempotency{"u POST /orders k1", "h1"}),
         step_of(a, order_status::cancelled, payment_status::pending),
         creation(draft("d")),
         bad,
         creation(draft("b")),
         step_of(b, order_status::payment_pending, payment_status::pending),
         touch_of(apply(draft("nobody"), {}, {}), 1),
         creation(draft("e"), idempotency{"u POST /orders k2", "h"}),
         creation(draft("f"), idempotency{"u POST /orders k2", "other"})};
  const auto results = store->commit(sets);
  using enum commit_outcome;
  CHECK(outcomes(results)
        == std::vector{duplicate, committed, committed, failed, duplicate, committed, conflict,
                       committed, duplicate});
  CHECK(results[0].earlier == earlier_use{"ordera", 1, "h1"});
  CHECK_FALSE(results[4].earlier);
  CHECK(results[8].earlier == earlier_use{"ordere", 1, "h"});
  CHECK(results[1].events.size() == 2);
  CHECK(results[1].at < results[2].at);
  CHECK(results[2].at < results[5].at);

  auto queries = w.queries();
  const std::vector<std::string> ids
      = {"ordera", "orderb", "orderc", "orderd", "orderbad", "ordere", "orderf", "ordernobody"};
  CHECK(queries->load(ids).size() == 4);
}

EACH_WORLD("a key is kept for a day, and then replaced where it is met") {
  world w;
  auto store = w.store();
  store->connect();
  const idempotency key{"u POST /orders k", "h"};
  const auto a = committed(*store, creation(draft("a"), key));
  CHECK(commit_one(*store, creation(draft("b"), key)).earlier == earlier_use{"ordera", 1, "h"});
  CHECK(commit_one(*store, creation(draft("b"), idempotency{key.scope, "other body"})).earlier
        == earlier_use{"ordera", 1, "h"});
  w.age(std::chrono::hours(23));
  CHECK(commit_one(*store, creation(draft("b"), key)).outcome == commit_outcome::duplicate);
  w.age(std::chrono::hours(2));
  CHECK(commit_one(*store, creation(draft("b"), key)).outcome == commit_outcome::committed);
  CHECK(commit_one(*store, creation(draft("c"), key)).earlier == earlier_use{"orderb", 1, "h"});

  // The key of a step names the version that the step made.
  auto step = step_of(a, order_status::payment_pending, payment_status::pending);
  step.key = idempotency{"u POST /orders/a/process-payment k", "p"};
  committed(*store, step);
  CHECK(commit_one(*store, creation(draft("d"), step.key)).earlier
        == earlier_use{"ordera", 2, "p"});
  // The key of a creation that the order's id refused is not kept.
  const idempotency unused{"u POST /orders unused", "h"};
  const auto refused = commit_one(*store, creation(draft("a"), unused));
  CHECK(refused.outcome == commit_outcome::duplicate);
  CHECK_FALSE(refused.earlier);
  CHECK(commit_one(*store, creation(draft("e"), unused)).outcome == commit_outcome::committed);
}

EACH_WORLD("a step's key is written with the step, and not without it") {
  world w;
  auto store = w.store();
  store->connect();
  auto queries = w.queries();
  const auto first = committed(*store, creation(draft("a")));
  const idempotency key{"u POST /orders/ordera/cancel k", "h"};
  const std::vector<std::string> scopes = {key.scope, "u POST /orders nobody's"};
  auto step = step_of(first, order_status::payment_pending, payment_status::pending);
  const auto moved = committed(*store, step);

  step.key = key; // of a version that has passed
  CHECK(commit_one(*store, step).outcome == commit_outcome::conflict);
  CHECK(queries->earlier_uses(scopes).empty());

  auto next = step_of(moved, order_status::payment_failed, payment_status::failed);
  next.key = key;
  w.break_next(break_at::before_commit);
  CHECK_THROWS_AS(commit_one(*store, next), store_error);
  store->connect();
  CHECK(store->settle({&next, 1}).front().outcome == commit_outcome::failed);
  CHECK(queries->earlier_uses(scopes).empty());

  w.break_next(break_at::after_commit);
  CHECK_THROWS_AS(commit_one(*store, next), store_error);
  store->connect();
  const auto settled = store->settle({&next, 1}).front();
  REQUIRE(settled.outcome == commit_outcome::committed);
  const std::map<std::string, earlier_use> used = {{key.scope, {"ordera", 3, "h"}}};
  CHECK(queries->earlier_uses(scopes) == used);

  w.age(std::chrono::hours(25));
  CHECK(queries->earlier_uses(scopes).empty());
  auto later = step_of(apply(moved, next.step, settled.time), order_status::payment_pending,
                       payment_status::pending);
  later.key = idempotency{key.scope, "h2"};
  committed(*store, later);
  CHECK(queries->earlier_uses(scopes).at(key.scope) == earlier_use{"ordera", 4, "h2"});
}

EACH_WORLD("of the same keys in two journals, in opposite order, each makes one order") {
  world w;
  auto one = w.store(), two = w.store();
  one->connect();
  two->connect();
  auto batch = [](const std::string& name, bool backwards) {
    std::vector<write_set> sets;
    sets.reserve(50);
    for (int i = 0; i < 50; ++i)
      sets.push_back(creation(draft(name + std::to_string(i)),
                              idempotency{"u POST /orders k" + std::to_string(i), "h"}));
    if (backwards)
      std::ranges::reverse(sets);
    return sets;
  };
  const auto up = batch("up", false), down = batch("down", true);
  std::vector<commit_result> first, second;
  std::thread other([&] { second = two->commit(down); });
  first = one->commit(up);
  other.join();
  for (size_t i = 0; i < up.size(); ++i) {
    const auto& mine = first[i];
    const auto& theirs = second[down.size() - 1 - i];
    const bool won = mine.outcome == commit_outcome::committed;
    CHECK((won ? theirs : mine).outcome == commit_outcome::duplicate);
    CHECK((won ? mine : theirs).outcome == commit_outcome::committed);
    REQUIRE((won ? theirs : mine).earlier);
    CHECK((won ? theirs : mine).earlier->order_id
          == (won ? up[i] : down[down.size() - 1 - i]).current.id);
  }
}

EACH_WORLD("positions rise, also over a reconnect, and streams never come back") {
  world w;
  auto store = w.store();
  store->connect();
  position last = 0;
  std::set<int64_t> streams;
  for (int round = 0; round < 3; ++round) {
    store->connect();
    CHECK(streams.insert(store->log().stream()).second);
    for (int i = 0; i < 3; ++i) {
      const auto name = std::to_string(round) + std::to_string(i);
      const auto result = commit_one(*store, creation(draft(name)));
      CHECK(result.at > last);
      last = result.at;
    }
    w.break_next(break_at::before_commit);
    CHECK_THROWS_AS(commit_one(*store, creation(draft("x" + std::to_string(round)))), store_error);
    CHECK_FALSE(store->connected());
  }
}

EACH_WORLD("of two journals at one order one commits, the other is told") {
  world w;
  auto one = w.store(), two = w.store();
  one->connect();
  two->connect();
  CHECK(one->log().stream() != two->log().stream());
  auto o = committed(*one, creation(draft("a")));
  for (int round = 0; round < 5; ++round) {
    const auto set = step_of(o, order_status::payment_pending, payment_status::pending);
    commit_result first, second;
    std::thread other([&] { second = two->commit({&set, 1}).front(); });
    first = one->commit({&set, 1}).front();
    other.join();
    CHECK((first.outcome == commit_outcome::committed)
          != (second.outcome == commit_outcome::committed));
    const auto& winner = first.outcome == commit_outcome::committed ? first : second;
    const auto& loser = first.outcome == commit_outcome::committed ? second : first;
    CHECK(loser.outcome == commit_outcome::conflict);
    o = apply(o, set.step, winner.time);
  }
  CHECK(loaded(*w.queries(), o.id) == o);
}

EACH_WORLD("an order's earlier step proves nothing of one that could not be sent") {
  world w;
  auto store = w.store();
  store->connect();
  const auto made = creation(draft("a"));
  w.break_next(break_at::after_commit);
  CHECK_THROWS_AS(commit_one(*store, made), store_error);
  const auto step = step_of(apply(made.current, made.step, {}), order_status::payment_pending,
                            payment_status::pending);
  CHECK_THROWS_AS(commit_one(*store, step), store_error); // there is no session
  store->connect();
  CHECK(outcomes(store->settle({&step, 1})) == std::vector{commit_outcome::failed});
}

EACH_WORLD("what a lost connection left open is settled") {
  world w;
  for (auto where : {break_at::before_commit, break_at::after_commit}) {
    const std::string suffix = where == break_at::before_commit ? "1" : "2";
    CAPTURE(suffix);
    auto store = w.store();
    store->connect();
    const auto a = committed(*store, creation(draft("a" + suffix)));
    const auto b = committed(*store, creation(draft("b" + suffix)));
    const auto key = idempotency{"k" + suffix, "h"};
    const std::vector<write_set> sets
        = {step_of(a, order_status::payment_pending, payment_status::pending), touch_of(b, 2),
           creation(draft("c" + suffix), key)};
    w.break_next(where);
    store_failure kind{};
    try {
      store->commit(sets);
    } catch (const store_error& e) {
      kind = e.kind;
    }
    CHECK(kind == store_failure::lost);
    CHECK_FALSE(store->connected());
    CHECK_THROWS_AS(store->settle(sets), store_error);
    store->connect();
    auto results = store->settle(sets);
    using enum commit_outcome;
    auto queries = w.queries();
    if (where == break_at::before_commit) {
      CHECK(outcomes(results) == std::vector{failed, committed, failed});
      results = store->commit(sets);
      CHECK(outcomes(results) == std::vector{committed, committed, committed});
    } else {
      CHECK(outcomes(results) == std::vector{committed, committed, committed});
      REQUIRE(results[0].events.size() == 2);
      CHECK(results[0].events[1].what == sets[0].step.events[1]);
      CHECK(results[0].events[1].sequence == 2);
      CHECK(stream_of(results[0].at) != store->log().stream());
      CHECK(commit_one(*store, sets[2]).earlier == earlier_use{"orderc2", 1, "h"});
    }
    CHECK(loaded(*queries, a.id) == apply(a, sets[0].step, results[0].time));
    CHECK(loaded(*queries, b.id) == apply(b, sets[1].step, results[1].time));
    CHECK(loaded(*queries, "orderc" + suffix)
          == apply(sets[2].current, sets[2].step, results[2].time));
  }
}
