// Each promise broken by hand, and seen.

#include "tests/sim/sights.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace troupe::sim::test {

namespace {

using st = order_status;
using pay = payment_status;

const std::initializer_list<st> confirmed
    = {st::created, st::payment_pending, st::payment_success, st::confirmed};

} // namespace

TEST_CASE("an honest shop has broken nothing") {
  honest_shop shop;
  CHECK(promises(shop.verdict()).empty());
  CHECK(promises(shop.book.violations()).empty());
}

TEST_CASE("an acknowledged order that is gone is a lost answer") {
  honest_shop shop;
  SUBCASE("not known") {
    shop.now.asked["o1"] = std::nullopt;
  }
  SUBCASE("not listed") {
    shop.now.listed.clear();
  }
  CHECK(promises(shop.verdict()) == "lost answer");
}

TEST_CASE("an order twice in the list is told") {
  honest_shop shop;
  shop.now.listed.push_back(shop.now.listed.front());
  CHECK(promises(shop.verdict()) == "double order");
}

TEST_CASE("a key has one order") {
  honest_shop shop;
  shop.now.listed.push_back(sight("o2", {st::created}, pay::pending));
  shop.now.notifications.push_back(
      *read_notification(notification_json("n9", "o2", "Order received")));
  CHECK(promises(shop.verdict()) == "one order a key, one order a key");
}

TEST_CASE(
    "a try without a key and without an answer may have made an order, one that was answered not") {
  honest_shop shop;
  auto& w = shop.book.sending(ada, "w1", two_pens, false);
  shop.now.listed.push_back(sight("o2", {st::created}, pay::pending));
  shop.now.notifications.push_back(
      *read_notification(notification_json("n9", "o2", "Order received")));
  CHECK(promises(shop.verdict()) == "order from nowhere, order from nowhere");
  w.unknown = 1;
  CHECK(promises(shop.verdict()).empty());
}

TEST_CASE("an order that nobody asked for is told") {
  honest_shop shop;
  auto other = sight("o2", {st::created}, pay::pending);
  other.essence.reference = "w7";
  shop.now.listed.push_back(other);
  shop.now.notifications.push_back(
      *read_notification(notification_json("n9", "o2", "Order received")));
  CHECK(promises(shop.verdict()) == "order from nowhere");
}

TEST_CASE("an order of something else than was asked for is told") {
  honest_shop shop;
  shop.now.listed.front().essence.lines = {{"pen", 3, 150}};
  shop.now.asked["o1"]->essence.lines = {{"pen", 3, 150}};
  CHECK(promises(shop.verdict()) == "order changed");
}

TEST_CASE("acknowledged commands are in the history") {
  honest_shop shop;
  SUBCASE("a payment") {
    shop.now.asked["o1"] = shop.now.listed.front() = sight("o1", {st::created}, pay::pending);
    shop.now.notifications = {shop.now.notifications.back()};
    const auto found = promises(shop.verdict());
    CHECK(found.starts_with("lost answer"));
  }
  SUBCASE("a decline") {
    shop.book.paid("o1", false, "");
    CHECK(promises(shop.verdict()) == "lost answer");
  }
  SUBCASE("a cancellation") {
    shop.book.cancelled(sight("o1", {st::created, st::cancelled}, pay::pending));
    CHECK(promises(shop.verdict()) == "lost answer");
  }
}

TEST_CASE("nobody pays who has not asked for it") {
  honest_shop shop;
  ledger other;
  other.sending(ada, "w1", two_pens, true);
  other.created(ada, "w1", sight("o1", {st::created}, pay::pending), "", false);
  SUBCASE("with a card that is declined") {
    other.paying("o1", false);
    CHECK(promises(judge_user(other, ada, shop.now)) == "charged for nothing");
  }
  SUBCASE("at all") {
    CHECK(promises(judge_user(other, ada, shop.now)) == "charged for nothing, charged for nothing");
  }
}

TEST_CASE("what moves by itself has come to rest") {
  honest_shop shop;
  shop.is(sight("o1", confirmed, pay::success));
  shop.now.asked["o1"] = shop.now.listed.front()
      = sight("o1", {st::created, st::payment_pending, st::payment_success}, pay::success);
  shop.now.notifications.erase(shop.now.notifications.begin());
  const auto found = shop.verdict();
  CHECK(promises(found) == "stuck order, missing notification, stream gap");
  CHECK(found[0].may_heal);
}

TEST_CASE("the list and the order itself agree") {
  honest_shop shop;
  shop.now.listed.front()
      = sight("o1", {st::created, st::payment_pending, st::payment_success}, pay::success);
  const auto found = shop.verdict();
  REQUIRE(promises(found) == "two answers");
  CHECK(found[0].may_heal);
}

TEST_CASE("every step is told once") {
  honest_shop shop;
  auto& told = shop.now.notifications; // newest first
  SUBCASE("missing, and never seen before") {
    ledger fresh;
    fresh.sending(ada, "w1", two_pens, true);
    fresh.created(ada, "w1", sight("o1", {st::created}, pay::pending), "", false);
    fresh.paying("o1", true);
    told.pop_back();
    const auto found = judge_user(fresh, ada, shop.now);
    REQUIRE(promises(found) == "missing notification");
    CHECK(found[0].may_heal);
  }
  SUBCASE("gone again") {
    told.erase(told.begin());
    CHECK(promises(shop.verdict()).find("missing notification") != std::string::npos);
  }
  SUBCASE("twice") {
    auto again = told.front();
    again.id = "n9";
    told.insert(told.begin(), again);
    CHECK(promises(shop.verdict()) == "double notification");
  }
  SUBCASE("the same one twice in the list") {
    told.insert(told.begin(), told.front());
    CHECK(promises(shop.verdict()).starts_with("double notification"));
  }
  SUBCASE("of nothing") {
    auto again = told.front();
    again.id = "n9";
    again.title = "Refund completed";
    told.insert(told.begin(), again);
    CHECK(promises(shop.verdict()) == "double notification");
  }
  SUBCASE("another text than before") {
    ++told.front().digest;
    CHECK(promises(shop.verdict()) == "notification changed");
  }
}

TEST_CASE("a stream of notifications leaves none out") {
  honest_shop shop;
  auto between = shop.now.notifications.front();
  between.id = "n9";
  shop.now.notifications.insert(shop.now.notifications.begin() + 1, between);
  CHECK(promises(shop.verdict()).find("stream gap") != std::string::npos);
}

TEST_CASE("stock is what was there less what our orders hold and have") {
  honest_shop shop;
  const std::map<std::string, product_count> before = {{"pen", {10, 0, 0}}};
  const auto judged = [&](product_count after) {
    return promises(judge_stock(before, {{"pen", after}}, shop.book));
  };
  CHECK(judged({8, 0, 2}).empty());
  CHECK(judged({9, 0, 1}) == "stock");
  CHECK(judged({8, 2, 0}) == "stock");
  CHECK(judged({7, 0, 2}) == "stock");
  CHECK(judged({-2, 10, 2}) == "stock");
  CHECK(promises(judge_stock(before, {}, shop.book)) == "stock");
}

} // namespace troupe::sim::test
