// What stream_log and order_queries promise, on the real ones and on their fake.

#include "tests/persistence/order_worlds.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace troupe;
using namespace troupe::test;
using std::chrono::seconds;

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
  std::vector<int32_t> all(shard_count);
  std::iota(all.begin(), all.end(), 0);
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

  CHECK(queries->overdue(all, 10).empty());
  CHECK(queries->count_overdue() == std::array<int64_t, order_status_count>{});
  w.age(seconds(100));
  auto late = queries->overdue(all, 10);
  REQUIRE(late.size() == 2);
  CHECK(late[0].id == "orderb");
  CHECK(late[1].id == "ordera");
  CHECK(late[0].version == 1);
  REQUIRE(queries->overdue(all, 1).size() == 1);
  const std::vector<int32_t> one{shard_of("ordera")};
  REQUIRE(shard_of("orderb") != shard_of("ordera"));
  REQUIRE(queries->overdue(one, 10).size() == 1);
  CHECK(queries->overdue(one, 10)[0].id == "ordera");
  CHECK(queries->overdue({}, 10).empty());
  const auto next = queries->overdue(all, 1, late[0]);
  REQUIRE(next.size() == 1);
  CHECK(next[0].id == "ordera");
  CHECK(queries->overdue(all, 10, late[1]).empty());
  CHECK(queries->count_overdue()[0] == 2);

  // A round puts the deadline off and still counts.
  CHECK(commit_one(*store, touch_of(b, 1)).outcome == commit_outcome::committed);
  CHECK(queries->overdue(all, 10).size() == 1);
  CHECK(queries->count_overdue()[0] == 2);

  auto unsettled = queries->unsettled_payments(all, 10);
  REQUIRE(unsettled.size() == 1);
  CHECK(unsettled[0].id == "orderc");
  CHECK(unsettled[0].version == 2);
  CHECK(queries->unsettled_payments(one, 10).empty());
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
