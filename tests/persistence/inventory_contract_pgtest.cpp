// What an inventory store promises, on PostgreSQL and on its fake alike.

#include "tests/persistence/stock_bench.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace troupe;
using namespace troupe::test;
using result = stock_result::kind;

TYPE_TO_STRING(real_stock);
TYPE_TO_STRING(fake_stock);

namespace {

std::vector<std::string> topics_of(const stock_result& r) {
  std::vector<std::string> all;
  all.reserve(r.events.size());
  for (const auto& answer : r.events)
    all.push_back(answer.event.what.topic);
  return all;
}

/// Everything that a record of these events consists of.
std::vector<std::string> bytes_of(const stock_result& r) {
  std::vector<std::string> all;
  all.reserve(r.events.size());
  for (const auto& [e, fresh] : r.events)
    all.push_back(event_id(e) + "|" + std::to_string(e.sequence) + "|" + to_iso8601(e.time) + "|"
                  + e.what.topic + "|" + e.what.key + "|" + e.what.value + "|"
                  + e.what.traceparent);
  return all;
}

/// One order of two pieces of one product, both named by a number.
struct subject {
  std::string order, product;

  stock_input input(stock_verb verb) const {
    switch (verb) {
      case stock_verb::order_created:
        return created(order, {{product, 2}});
      case stock_verb::payment_success:
        return paid(order);
      case stock_verb::order_cancelled:
        break;
    }
    return cancelled(order);
  }
};

/// Brings a new order into a state; its product has 10 pieces, or 1 for a short order.
template <class Bench>
subject bring(Bench& bench, inventory_store& store, int number, stock_state to) {
  subject s{"o" + std::to_string(number), "a" + std::to_string(number)};
  bench.add(article(s.product, to == stock_state::rejected ? 1 : 10));
  if (to != stock_state::unknown)
    apply_one(store, s.input(stock_verb::order_created));
  if (to == stock_state::sold)
    apply_one(store, s.input(stock_verb::payment_success));
  if (to == stock_state::released)
    apply_one(store, s.input(stock_verb::order_cancelled));
  return s;
}

struct table_row {
  stock_state before;
  stock_verb verb;
  result what;
  std::string state;
  std::string answer; ///< topic; empty: none
  bool fresh;
  units after;
};

using enum stock_state;
using enum stock_verb;

const std::vector<table_row> table = {
    {unknown, order_created, result::applied, "reserved", "", true, {8, 2, 0}},
    {unknown, payment_success, result::parked, "unknown", "", true, {10, 0, 0}},
    {unknown, order_cancelled, result::applied, "released", "inventory-released", true, {10, 0, 0}},
    {reserved, order_created, result::ignored, "reserved", "", true, {8, 2, 0}},
    {reserved, payment_success, result::applied, "sold", "inventory-updated", true, {8, 0, 2}},
    {reserved,
     order_cancelled,
     result::applied,
     "released",
     "inventory-released",
     true,
     {10, 0, 0}},
    {rejected, order_created, result::applied, "short", "inventory-rejected", false, {1, 0, 0}},
    {rejected, payment_success, result::applied, "short", "inventory-rejected", false, {1, 0, 0}},
    {rejected, order_cancelled, result::applied, "released", "inventory-released", true, {1, 0, 0}},
    {sold, order_created, result::ignored, "sold", "", true, {8, 0, 2}},
    {sold, payment_success, result::applied, "sold", "inventory-updated", false, {8, 0, 2}},
    {sold, order_cancelled, result::applied, "released", "inventory-released", true, {10, 0, 0}},
    {released, order_created, result::ignored, "released", "", true, {10, 0, 0}},
    {released, payment_success, result::ignored, "released", "", true, {10, 0, 0}},
    {released,
     order_cancelled,
     result::applied,
     "released",
     "inventory-released",
     false,
     {10, 0, 0}},
};

} // namespace

TEST_CASE_TEMPLATE("the stock table", Bench, real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open();
  int number = 0;
  for (const auto& row : table) {
    CAPTURE(to_string(row.before));
    CAPTURE(static_cast<int>(row.verb));
    const auto s = bring(bench, *store, ++number, row.before);
    const auto got = apply_one(*store, s.input(row.verb));
    CHECK(got.what == row.what);
    CHECK(bench.state(s.order) == row.state);
    CHECK(units_of(bench, s.product) == row.after);
    if (row.answer.empty()) {
      CHECK(got.events.empty());
      continue;
    }
    REQUIRE(topics_of(got) == std::vector{row.answer});
    CHECK(got.events[0].fresh == row.fresh);
    CHECK(got.events[0].event.what.key == s.order);
    CHECK(got.events[0].event.from == service::inventory);
  }
}

TEST_CASE_TEMPLATE("a short order sells when stock is back", Bench, real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open();
  bench.add(article("a", 2));
  apply_one(*store, created("first", {{"a", 2}}));
  CHECK(topics_of(apply_one(*store, created("second", {{"a", 1}})))
        == std::vector<std::string>{"inventory-rejected"});
  CHECK(topics_of(apply_one(*store, paid("second")))
        == std::vector<std::string>{"inventory-rejected"});
  apply_one(*store, cancelled("first"));
  const auto got = apply_one(*store, paid("second"));
  CHECK(topics_of(got) == std::vector<std::string>{"inventory-updated"});
  CHECK(got.events[0].event.what.value
        == R"({"items":[{"productId":"a","quantity":1}],"orderId":"second"})");
  CHECK(units_of(bench, "a") == units{1, 0, 1});
}

TEST_CASE_TEMPLATE("all lines of an order or none", Bench, real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open();
  bench.add(article("a", 5));
  bench.add(article("b", 1));
  const auto got = apply_one(*store, created("o", {{"a", 1}, {"b", 1}, {"b", 1}}));
  CHECK(topics_of(got) == std::vector<std::string>{"inventory-rejected"}); // lines are merged
  CHECK(units_of(bench, "a") == units{5, 0, 0});
  CHECK(units_of(bench, "b") == units{1, 0, 0});
}

TEST_CASE_TEMPLATE("each event twenty times, then in reverse order, changes nothing more", Bench,
                   real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open();
  bench.add(article("a", 10));
  std::vector<stock_input> walk = {created("o", {{"a", 3}}), paid("o"), cancelled("o")};
  std::vector<std::vector<std::string>> answers;
  for (const auto& in : walk) {
    const auto first = apply_one(*store, in);
    const auto after = units_of(bench, "a");
    const auto rows = bench.ledger_rows();
    for (int i = 0; i < 20; ++i) {
      const auto again = apply_one(*store, in);
      if (in.verb != stock_verb::order_created) {
        REQUIRE(again.events.size() == 1);
        CHECK_FALSE(again.events[0].fresh);
        CHECK(bytes_of(again) == bytes_of(first));
      }
    }
    CHECK(units_of(bench, "a") == after);
    CHECK(bench.ledger_rows() == rows);
    answers.push_back(bytes_of(first));
  }
  std::reverse(walk.begin(), walk.end());
  const auto again = store->apply(walk);
  CHECK(bytes_of(again[0]) == answers[2]);
  CHECK(again[1].what == result::ignored);
  CHECK(again[2].what == result::ignored);
  CHECK(units_of(bench, "a") == units{10, 0, 0});
  CHECK(bench.ledger_rows() == 3);
}

TEST_CASE_TEMPLATE("repeats within one batch are answered with the new events", Bench, real_stock,
                   fake_stock) {
  Bench bench;
  auto store = bench.open();
  bench.add(article("a", 10));
  std::vector<stock_input> batch = {created("o", {{"a", 3}})};
  for (int i = 0; i < 20; ++i)
    batch.push_back(paid("o"));
  const auto got = store->apply(batch);
  CHECK(got[1].events.at(0).fresh);
  for (size_t i = 2; i < got.size(); ++i) {
    CHECK_FALSE(got[i].events.at(0).fresh);
    CHECK(bytes_of(got[i]) == bytes_of(got[1]));
  }
  CHECK(got[1].events[0].event.time != timestamp{});
  CHECK(bytes_of(apply_one(*store, paid("o"))) == bytes_of(got[1]));
  CHECK(units_of(bench, "a") == units{7, 0, 3});
}

TEST_CASE_TEMPLATE("what comes too early is parked, and drained with its order", Bench, real_stock,
                   fake_stock) {
  Bench bench;
  auto store = bench.open();
  bench.add(article("a", 10));

  SUBCASE("a payment before its order") {
    CHECK(apply_one(*store, paid("o")).what == result::parked);
    CHECK(apply_one(*store, paid("o")).what == result::parked);
    CHECK(bench.parked() == 1);
    const auto got = apply_one(*store, created("o", {{"a", 2}}));
    REQUIRE(topics_of(got) == std::vector<std::string>{"inventory-updated"});
    CHECK(got.events[0].fresh);
    CHECK(got.events[0].event.what.traceparent == "00-trace-o");
    CHECK(bench.state("o") == "sold");
  }
  SUBCASE("both in one batch, the payment first") {
    const auto got = store->apply(std::vector{paid("o"), created("o", {{"a", 2}})});
    CHECK(got[0].what == result::parked);
    CHECK(topics_of(got[1]) == std::vector<std::string>{"inventory-updated"});
    CHECK(bench.state("o") == "sold");
  }
  SUBCASE("a cancellation settles what waits") {
    apply_one(*store, paid("o"));
    const auto got = apply_one(*store, cancelled("o"));
    CHECK(topics_of(got) == std::vector<std::string>{"inventory-released"});
    CHECK(got.events[0].event.what.value == R"({"items":[],"orderId":"o"})");
    CHECK(apply_one(*store, created("o", {{"a", 2}})).what == result::ignored);
    CHECK(bench.state("o") == "released");
    CHECK(units_of(bench, "a") == units{10, 0, 0});
  }
  CHECK(bench.parked() == 0);
}

TEST_CASE_TEMPLATE("an impossible input does not harm the others", Bench, real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open();
  bench.add(article("a", 10));
  const auto got = store->apply(
      std::vector{created("o1", {{"a", 1}}), created("o2", {{"nothing", 1}}),
                  created("o3", {{"a", 0}}), created("o4", {{"a", -1}}), created("o5", {}),
                  created("no id!", {{"a", 1}}), created("o6", {{"a", 1}})});
  for (const size_t i : {1, 2, 3, 4, 5}) {
    CAPTURE(i);
    CHECK(got[i].what == result::impossible);
    CHECK_FALSE(got[i].error.empty());
  }
  CHECK(got[0].what == result::applied);
  CHECK(got[6].what == result::applied);
  CHECK(units_of(bench, "a") == units{8, 2, 0});
}

TEST_CASE_TEMPLATE("a hot product is one row update a batch", Bench, real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open();
  bench.add(article("hot", 1000));
  std::vector<stock_input> batch;
  batch.reserve(200);
  for (int i = 0; i < 200; ++i)
    batch.push_back(created("o" + std::to_string(i), {{"hot", 1 + i % 3}}));
  store->apply(batch);
  const auto p = bench.queries()->find("hot").value();
  CHECK(p.version == 2);
  CHECK(p.reserved == 67 * 1 + 67 * 2 + 66 * 3);
  CHECK(p.stock + p.reserved == 1000);
}

TEST_CASE_TEMPLATE("one notice for each time that stock gets low", Bench, real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open(5);
  bench.add(article("a", 8));
  auto notices = [&](const stock_input& in) {
    const auto got = apply_one(*store, in);
    return std::count_if(got.events.begin(), got.events.end(), [](const auto& answer) {
      return answer.event.what.topic == topic::notification_requested;
    });
  };
  CHECK(notices(created("o1", {{"a", 2}})) == 0);                // 6
  CHECK(notices(created("o2", {{"a", 1}})) == 1);                // 5: at the threshold
  CHECK(notices(created("o3", {{"a", 1}})) == 0);                // 4: told already
  CHECK(notices(created("o2", {{"a", 1}})) == 0);                // a repeat
  CHECK(notices(cancelled("o1")) == 0);                          // 6
  const auto got = apply_one(*store, created("o4", {{"a", 1}})); // 5 again
  REQUIRE(topics_of(got) == std::vector<std::string>{"notification-requested"});
  CHECK(got.events[0].event.what.key == "admin");
  CHECK(got.events[0].event.what.value.find(R"("userId":"admin")") != std::string::npos);
  CHECK(got.events[0].fresh);
}

TEST_CASE_TEMPLATE("after a lost session the same inputs are safe, and the journal tells the rest",
                   Bench, real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open();
  bench.add(article("a", 10));
  apply_one(*store, created("o", {{"a", 2}}));
  const auto sold = apply_one(*store, paid("o"));
  const auto old_stream = store->log().stream();

  bench.break_session(*store);
  try {
    apply_one(*store, paid("o"));
    FAIL("a broken session must not answer");
  } catch (const store_error& e) {
    CHECK(e.kind == store_failure::lost);
  }
  CHECK_FALSE(store->connected());
  store->connect();
  CHECK(store->log().stream() != old_stream);

  const auto again = apply_one(*store, paid("o"));
  CHECK(bytes_of(again) == bytes_of(sold));
  CHECK_FALSE(again.events.at(0).fresh);
  CHECK(units_of(bench, "a") == units{8, 0, 2});

  auto& log = store->log();
  REQUIRE(log.orphans() == std::vector{old_stream});
  REQUIRE(log.take(old_stream));
  const auto page = log.read(old_stream, log.watermark(old_stream), 100);
  REQUIRE(page.events.size() == 1);
  CHECK(page.end);
  CHECK(event_id(page.events[0]) == event_id(sold.events[0].event));
  log.advance(old_stream, page.last);
  CHECK(log.read(old_stream, log.watermark(old_stream), 100).events.empty());
  log.mark_drained(old_stream);
  CHECK(log.orphans().empty());
}

TEST_CASE_TEMPLATE("the catalogue: filters, order, limit", Bench, real_stock, fake_stock) {
  Bench bench;
  auto p = article("p1", 3);
  p.name = "Blue 100% Cotton_Shirt";
  p.description = "back\\slash";
  p.price = 500;
  bench.add(p);
  p = article("p2", 3);
  p.name = "a red shirt";
  p.category = "Other";
  p.price = 700;
  bench.add(p);
  p = article("p3", 0);
  p.name = "Hidden";
  p.active = false;
  bench.add(p);
  auto queries = bench.queries();
  int64_t total = 0;
  auto ids = [&](auto... set) {
    product_filter by;
    (set(by), ...);
    std::string all;
    for (const auto& each : queries->list(by, total))
      all += each.id + " ";
    return all;
  };
  CHECK(ids([](auto& by) { by.search = "SHIRT"; }) == "p1 p2 ");
  CHECK(ids([](auto& by) { by.search = "%"; }) == "p1 ");
  CHECK(ids([](auto& by) { by.search = "_"; }) == "p1 ");
  CHECK(ids([](auto& by) { by.search = "\\"; }) == "p1 ");
  CHECK(ids([](auto& by) { by.search = "100% c"; }) == "p1 ");
  CHECK(ids([](auto& by) { by.search = "100_ c"; }).empty());
  CHECK(ids([](auto& by) { by.category = "Other"; }) == "p2 ");
  CHECK(ids([](auto& by) {
          by.min_price = 500;
          by.max_price = 500;
        })
        == "p1 ");
  CHECK(ids([](auto& by) { by.min_price = 501; }) == "p2 ");
  CHECK(ids([](auto& by) { by.only_active = false; }) == "p1 p3 p2 ");
  CHECK(ids([](auto& by) { by.limit = 1; }) == "p1 ");
  CHECK(total == 2);
  CHECK(queries->count_active() == 2);
  CHECK_FALSE(queries->find("nothing").has_value());
  CHECK(queries->find("p1")->description == "back\\slash");
}

TEST_CASE_TEMPLATE("what changed since a mark", Bench, real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open();
  auto queries = bench.queries();
  bench.add(article("a", 5));
  bench.add(article("b", 5));
  int64_t mark = 0;
  CHECK(queries->changed_since(mark).size() == 2);
  queries->changed_since(mark);
  CHECK(queries->changed_since(mark).empty());
  apply_one(*store, created("o", {{"b", 1}}));
  const auto changed = queries->changed_since(mark);
  REQUIRE(changed.size() == 1);
  CHECK(changed[0].id == "b");
  CHECK(changed[0].stock == 4);
}
