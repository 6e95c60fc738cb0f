// What an answer may not say after others.

#include "sim/event_reader.hpp"
#include "tests/sim/sights.hpp"

#include <doctest/doctest.h>

namespace troupe::sim::test {

namespace {

using st = order_status;
using pay = payment_status;

const std::initializer_list<st> paid = {st::created, st::payment_pending, st::payment_success};

std::string seen_as(const nlohmann::json& order) {
  honest_shop shop;
  shop.book.saw(read_sight(order).value(), 0, "", "test");
  return promises(shop.book.violations());
}

} // namespace

TEST_CASE("an order keeps what it was made of") {
  CHECK(seen_as(order_json("o1", paid, pay::success)).empty());
  auto order = order_json("o1", paid, pay::success);
  SUBCASE("its lines") {
    order["items"][0]["quantity"] = 3;
    order["totalAmount"] = 4.5;
  }
  SUBCASE("the name of a product in it") {
    order["items"][0]["product"]["name"] = "Pencil";
  }
  SUBCASE("its address") {
    order["shippingAddress"]["name"] = "Bob";
  }
  SUBCASE("its user") {
    order["userId"] = "bob";
  }
  SUBCASE("its beginning") {
    order["createdAt"] = "2026-11-30T09:00:01.000Z";
  }
  SUBCASE("an old entry of its history") {
    order["statusHistory"][1]["message"] = "so it was not";
  }
  CHECK(seen_as(order) == "order changed");
}

TEST_CASE("an order does not contradict itself") {
  auto order = order_json("o2", paid, pay::success);
  SUBCASE("total") {
    order["totalAmount"] = 3.01;
  }
  SUBCASE("version") {
    order["version"] = 4;
  }
  SUBCASE("status") {
    order["status"] = "CONFIRMED";
  }
  SUBCASE("payment status") {
    order["paymentStatus"] = "FAILED";
  }
  SUBCASE("states") {
    order = order_json("o2", {st::created, st::dispatched}, pay::pending);
  }
  SUBCASE("beginning") {
    order = order_json("o2", {st::payment_pending}, pay::pending);
  }
  CHECK(seen_as(order) == "illegal order");
}

TEST_CASE("payments follow from the states alone") {
  const auto of = [](std::initializer_list<st> steps) {
    return payments_after(sight("o", steps, pay::pending).history);
  };
  CHECK(of({st::created}) == std::vector{pay::pending});
  CHECK(of(paid) == std::vector{pay::success});
  CHECK(of({st::created, st::payment_pending, st::payment_failed, st::cancelled})
        == std::vector{pay::failed});
  CHECK(of({st::created, st::payment_pending, st::payment_success, st::cancelled})
        == std::vector{pay::refund_pending});
  CHECK(of({st::created, st::payment_pending, st::payment_success, st::cancelled, st::cancelled})
        == std::vector{pay::refunded});
  CHECK(of({st::created, st::cancelled, st::cancelled}).empty());
}

TEST_CASE("a version that was known when it was asked is not gone back behind") {
  honest_shop shop;
  const auto old = sight("o1", paid, pay::success);
  shop.book.saw(old, 3, "", "test"); // an answer that was overtaken
  CHECK(shop.book.count() == 0);
  shop.book.saw(old, 4, "", "test");
  CHECK(promises(shop.book.violations()) == "version went back");
}

TEST_CASE("an ETag is the version") {
  honest_shop shop;
  const auto now = sight("o1", paid, pay::success);
  shop.book.saw(now, 0, "\"3\"", "test");
  shop.book.not_modified("o1", 4, 4, "\"4\"");
  CHECK(shop.book.count() == 0);
  SUBCASE("of another version") {
    shop.book.saw(now, 0, "\"4\"", "test");
  }
  SUBCASE("304 to a version that was over") {
    shop.book.not_modified("o1", 3, 4, "\"3\"");
  }
  SUBCASE("304 with another version") {
    shop.book.not_modified("o1", 4, 4, "\"5\"");
  }
  SUBCASE("200 with the version that the client has") {
    shop.book.saw_again("o1", 4);
  }
  CHECK(promises(shop.book.violations()) == "ETag lie");
}

TEST_CASE("a stream goes forward") {
  honest_shop shop;
  const auto now = sight("o1", paid, pay::success);
  shop.book.streamed(now, 3, 1, 0); // older versions may be skipped
  CHECK(shop.book.count() == 0);
  SUBCASE("the same again") {
    shop.book.streamed(now, 3, 3, 0);
  }
  SUBCASE("back") {
    shop.book.streamed(now, 3, 4, 0);
  }
  SUBCASE("with another id") {
    shop.book.streamed(now, 2, 1, 0);
  }
  SUBCASE("notifications") {
    shop.book.notified_by_stream(ada, notification_json("n9", "o1", "Hello"), 3, 3);
  }
  CHECK(promises(shop.book.violations()) == "stream gap");
}

TEST_CASE("the answers to one key name one order, and what was asked for") {
  honest_shop shop;
  shop.book.created(ada, "w1", sight("o1", {st::created}, pay::pending), "\"1\"", true);
  CHECK(shop.book.count() == 0);
  SUBCASE("another order") {
    shop.book.created(ada, "w1", sight("o2", {st::created}, pay::pending), "\"1\"", true);
    CHECK(promises(shop.book.violations()) == "one order a key");
  }
  SUBCASE("other lines") {
    shop.book.sending(ada, "w1", {{"pen", 1, 150}}, true);
    shop.book.created(ada, "w1", sight("o1", {st::created}, pay::pending), "\"1\"", true);
    CHECK(promises(shop.book.violations()) == "order changed");
  }
}

TEST_CASE("a payment has one transaction, and a cancellation cancels") {
  honest_shop shop;
  shop.book.paid("o1", true, "t1");
  CHECK(shop.book.count() == 0);
  SUBCASE("paid twice") {
    shop.book.paid("o1", true, "t2");
    CHECK(promises(shop.book.violations()) == "paid twice");
  }
  SUBCASE("not cancelled") {
    shop.book.cancelled(sight("o1", paid, pay::success));
    CHECK(promises(shop.book.violations()) == "lost answer");
  }
  SUBCASE("not found") {
    shop.book.missing("o1", "test");
    CHECK(promises(shop.book.violations()) == "lost answer");
  }
}

TEST_CASE("a violation is told once, and not more than there is room for") {
  ledger book;
  for (int i = 0; i < 2; ++i)
    for (size_t n = 0; n < ledger::most_violations + 10; ++n)
      book.add({"lost answer", "", std::to_string(n), "gone"});
  CHECK(book.violations().size() == ledger::most_violations);
  CHECK(book.count() == ledger::most_violations + 10);
}

TEST_CASE("what is no order is not taken for one") {
  auto order = order_json("o1", paid, pay::success);
  SUBCASE("no list of items") {
    order["items"] = 7;
  }
  SUBCASE("an unknown status") {
    order["status"] = "LOST";
  }
  SUBCASE("nothing") {
    order = nullptr;
  }
  CHECK_FALSE(read_sight(order));
}

TEST_CASE("events are read in whatever pieces they come") {
  const std::string text
      = ": hello\n\nevent: order\nid: 7\ndata: {\"a\":1}\n\nevent: order\r\nid: x\r\n"
        "data: 2\r\n\r\nevent: cut";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    event_reader reader;
    for (size_t at = 0; at < text.size(); at += piece)
      REQUIRE(reader.take(text.substr(at, piece)));
    const auto first = reader.next();
    REQUIRE(first);
    CHECK(first->name == "order");
    CHECK(first->id == 7);
    CHECK(first->data == R"({"a":1})");
    const auto second = reader.next();
    REQUIRE(second);
    CHECK_FALSE(second->id);
    CHECK(second->data == "2");
    CHECK_FALSE(reader.next());
  }
  event_reader reader;
  CHECK_FALSE(reader.take(std::string(2UL * 1024 * 1024, 'a')));
}

} // namespace troupe::sim::test
