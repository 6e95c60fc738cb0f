// Parked events and dead letters: each kept once, with its bytes.

#include "persistence/inbox.hpp"
#include "tests/support/pg_fixture.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::test;

namespace {

incoming_event record(int64_t offset, const std::string& id) {
  return {.topic = "payment-success",
          .partition = 3,
          .offset = offset,
          .key = "order1",
          .value = std::string("{\"a\":\"\xff\0\"}", 10),
          .tombstone = false,
          .id = id,
          .source = "/troupe/order",
          .traceparent = "00-1-2-01"};
}

} // namespace

TEST_CASE("dead letters are kept once by consumer, place and bytes") {
  pg_database db(database::emailing);
  auto box = make_inbox(db.conninfo());
  dead_letter letter{"emailing", record(7, "x"), "order1", "cannot read: \xff"};
  CHECK(box->bury({letter, letter}) == 1);
  CHECK(box->bury({letter}) == 0);
  auto other = letter;
  other.consumer = "payments";
  auto changed = letter;
  changed.what.value = "other";
  auto next = letter;
  next.what.offset = 8;
  next.what.key = std::string("\0\xfe", 2);
  next.what.tombstone = true;
  next.order_id.clear();
  CHECK(box->bury({letter, other, changed, next}) == 3);
  CHECK(box->count_dead().open == 4);
  CHECK(box->bury({}) == 0);
  CHECK(db.value("select encode(value, 'hex') from dead_letters order by id limit 1")
        == "7b2261223a22ff00227d");
  CHECK(db.value("select encode(key, 'hex') || tombstone || (order_id is null) from dead_letters"
                 " where record_offset = 8")
        == "00fetruetrue");
  box->ping();
}

TEST_CASE("parked events are kept once by source and id, and come back as they were") {
  pg_database db(database::inventory);
  auto box = make_inbox(db.conninfo());
  const parked_event a{0, "order1", record(1, "order-1.0")}, b{0, "order2", record(2, "order-2.0")};
  auto again = a;
  again.what.offset = 99;
  box->park({a, b, again});
  box->park({b});
  box->park({});
  CHECK(box->count_parked() == 2);
  auto all = box->parked(0, 10);
  REQUIRE(all.size() == 2);
  CHECK(all[0].what == a.what);
  CHECK(all[0].order_id == "order1");
  CHECK(all[1].what == b.what);
  CHECK(box->parked(0, 1).size() == 1);
  CHECK(box->parked(all[0].id, 10).size() == 1);
  box->unpark({all[0].id});
  CHECK(box->count_parked() == 1);
  db.terminate_others();
  CHECK(box->count_parked() == 1);
}
