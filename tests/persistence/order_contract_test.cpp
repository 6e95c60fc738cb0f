// What order_store promises, on the real one and on its fake.

#include "tests/persistence/order_worlds.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::test;
using std::chrono::seconds;

namespace {

std::vector<commit_outcome> outcomes(const std::vector<commit_result>& results) {
  std::vector<commit_outcome> all;
  for (const auto& each : results)
    all.push_back(each.outcome);
  return all;
}

std::optional<order> loaded(order_queries& from, const std::string& id) {
  auto found = from.load({&id, 1});
  return found.empty() ? std::nullopt : std::optional(found.front());
}

} // namespace

#define EACH_WORLD(name) TEST_CASE_TEMPLATE(name, world, real_world, fake_world)

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
      CHECK(results[0].events.size() == 2);
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

EACH_WORLD("a stream is read back as it was written, page by page") {
  world w;
  auto store = w.store();
  store->connect();
  auto& log = store->log();
  const auto stream = log.stream();
  CHECK(log.watermark(stream) == make_position(stream, 0));
  CHECK(log.read(stream, 0, 10).end);
  std::vector<outgoing_event> told;
  auto keep = [&](commit_result result) {
    REQUIRE(result.outcome == commit_outcome::committed);
    told.insert(told.end(), result.events.begin(), result.events.end());
    return result;
  };
  for (auto name : {"a", "b", "c"})
    keep(commit_one(*store, creation(draft(name))));
  auto a = *loaded(*w.queries(), "ordera");
  auto silent = step_of(a, order_status::payment_pending, payment_status::pending);
  silent.step.events.clear();
  const auto last = keep(commit_one(*store, silent)).at;

  std::vector<outgoing_event> read;
  position after = log.watermark(stream);
  int pages = 0;
  for (bool end = false; !end; ++pages) {
    const auto page = log.read(stream, after, 3);
    end = page.end;
    after = page.last;
    read.insert(read.end(), page.events.begin(), page.events.end());
  }
  CHECK(pages == 2);
  CHECK(after == last);
  REQUIRE(read.size() == told.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    CHECK(event_id(read[i]) == event_id(told[i]));
    CHECK(read[i].what == told[i].what);
    CHECK(read[i].time == told[i].time);
    CHECK(read[i].sequence == told[i].sequence);
  }
  log.advance(stream, last);
  CHECK(log.watermark(stream) == last);
  log.advance(stream, last - 1);
  CHECK(log.watermark(stream) == last);
}

EACH_WORLD("streams of a fenced incarnation are drained by one") {
  world w;
  auto old = w.store();
  old->connect();
  const auto stream = old->log().stream();
  commit_one(*old, creation(draft("a")));

  const auto successor = w.second_incarnation();
  auto one = w.store(successor), two = w.store(successor);
  one->connect();
  two->connect();
  CHECK(one->log().orphans().empty());
  w.fence(w.incarnation());
  CHECK(one->log().orphans() == std::vector{stream});

  // The old session is still open: taking its stream ends it.
  CHECK(old->connected());
  CHECK(one->log().take(stream));
  CHECK(one->log().take(stream));
  CHECK_FALSE(two->log().take(stream));
  CHECK(two->connected());
  CHECK(one->connected());
  store_failure kind{};
  try {
    commit_one(*old, creation(draft("b")));
  } catch (const store_error& e) {
    kind = e.kind;
  }
  CHECK(kind == store_failure::lost);
  try {
    old->connect();
  } catch (const store_error& e) {
    kind = e.kind;
  }
  CHECK(kind == store_failure::fenced);

  CHECK(two->log().orphans() == std::vector{stream});
  CHECK(one->log().read(stream, one->log().watermark(stream), 10).events.size() == 1);
  one->log().mark_drained(stream);
  CHECK(one->log().orphans().empty());
  CHECK(two->log().orphans().empty());
}

EACH_WORLD("a store's own earlier streams are orphans until they are drained") {
  world w;
  auto store = w.store();
  store->connect();
  const auto first = store->log().stream();
  commit_one(*store, creation(draft("a")));
  w.break_next(break_at::before_commit);
  const auto lost = creation(draft("b"));
  CHECK_THROWS_AS(commit_one(*store, lost), store_error);
  store->connect();
  store->settle({&lost, 1});
  CHECK(store->log().orphans() == std::vector{first});
  CHECK(store->log().take(first));
  CHECK(store->log().read(first, 0, 10).events.size() == 1);
  store->log().mark_drained(first);
  CHECK(store->log().orphans().empty());

  // Its successor of the same incarnation finds what a crashed one left.
  const auto left = store->log().stream();
  store.reset();
  auto next = w.store();
  next->connect();
  std::vector<int64_t> orphans;
  // The server ends the old session in its own time.
  for (int i = 0; i < 500 && orphans.empty(); ++i) {
    orphans = next->log().orphans();
    if (orphans.empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(orphans == std::vector{left});
}

EACH_WORLD("deadlines are found, longest overdue first") {
  world w;
  auto store = w.store();
  store->connect();
  auto queries = w.queries();
  auto later = creation(draft("a"));
  later.step.ttl = seconds(50);
  committed(*store, later);
  auto sooner = creation(draft("b"));
  sooner.step.ttl = seconds(20);
  const auto b = committed(*store, sooner);
  auto much_later = creation(draft("c"));
  much_later.step.ttl = seconds(5000);
  const auto c = committed(*store, much_later);
  committed(*store,
            step_of(c, order_status::payment_pending, payment_status::pending, seconds(4000)));
  auto settled = creation(draft("d"));
  settled.step.ttl.reset();
  committed(*store, settled);

  CHECK(queries->overdue(10).empty());
  CHECK(queries->count_overdue() == std::array<int64_t, order_status_count>{});
  w.age(seconds(100));
  auto late = queries->overdue(10);
  REQUIRE(late.size() == 2);
  CHECK(late[0].id == "orderb");
  CHECK(late[1].id == "ordera");
  CHECK(late[0].version == 1);
  CHECK(queries->overdue(1).size() == 1);
  CHECK(queries->count_overdue()[0] == 2);

  // A round puts the deadline off and still counts.
  CHECK(commit_one(*store, touch_of(b, 1)).outcome == commit_outcome::committed);
  CHECK(queries->overdue(10).size() == 1);
  CHECK(queries->count_overdue()[0] == 2);

  auto unsettled = queries->unsettled_payments(10);
  REQUIRE(unsettled.size() == 1);
  CHECK(unsettled[0].id == "orderc");
  CHECK(unsettled[0].version == 2);
  queries->ping();
}

EACH_WORLD("all events of an order are found again as they were told") {
  world w;
  auto store = w.store();
  store->connect();
  std::vector<outgoing_event> told;
  auto set = creation(draft("a"));
  for (auto status : {order_status::payment_pending, order_status::payment_success}) {
    const auto result = commit_one(*store, set);
    told.insert(told.end(), result.events.begin(), result.events.end());
    commit_one(*store, creation(draft("other" + std::to_string(told.size()))));
    set = step_of(apply(set.current, set.step, result.time), status, payment_status::pending);
  }
  const std::vector<std::string> ids = {"ordera", "unknown"};
  const auto found = w.queries()->events_of(ids);
  REQUIRE(found.size() == told.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(event_id(found[i]) == event_id(told[i]));
    CHECK(found[i].what == told[i].what);
    CHECK(found[i].time == told[i].time);
  }
}

EACH_WORLD("the figures add up") {
  world w;
  auto store = w.store();
  store->connect();
  auto queries = w.queries();
  CHECK(queries->figures().by_status.size() == order_status_count);
  CHECK(queries->figures().total_revenue == 0);

  for (auto name : {"a", "b"}) {
    auto o = committed(*store, creation(draft(name)));
    committed(*store, step_of(o, order_status::completed, payment_status::success, std::nullopt));
  }
  using enum order_status;
  auto move = [&](const char* name, order_status status, payment_status payment) {
    committed(*store, step_of(committed(*store, creation(draft(name))), status, payment));
  };
  move("c", cancelled, payment_status::pending);
  move("d", cancelled, payment_status::refund_pending);
  move("e", payment_failed, payment_status::failed);
  move("f", cancelled, payment_status::failed);
  committed(*store, creation(draft("g")));

  const auto f = queries->figures();
  CHECK(f.by_status.at("COMPLETED") == 2);
  CHECK(f.by_status.at("CANCELLED") == 3);
  CHECK(f.by_status.at("PAYMENT_FAILED") == 1);
  CHECK(f.by_status.at("CREATED") == 1);
  CHECK(f.by_status.at("DISPATCHED") == 0);
  CHECK(f.failed_payments == 3);
  const auto total = draft("a").total;
  CHECK(f.total_revenue == 2 * total);
  CHECK(f.revenue_today == 2 * total);
  REQUIRE(f.days.size() == 30);
  CHECK(f.days[29].orders == 2);
  CHECK(f.days[29].revenue == 2 * total);
  CHECK(f.days[0].orders == 0);
  CHECK(f.days[0].date < f.days[29].date);
  REQUIRE(f.top_products.size() == 2);
  CHECK(f.top_products[0].id == "p1");
  CHECK(f.top_products[0].name == draft("a").lines[0].name);
  CHECK(f.top_products[0].quantity == 6);
  CHECK(f.top_products[0].revenue == 6 * 1999);
}
