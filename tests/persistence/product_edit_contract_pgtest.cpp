// What the owner's edits promise, on the real inventory store and on its fake.

#include "tests/persistence/stock_bench.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

using namespace troupe;
using namespace troupe::test;
using edited = edited_product::kind;

namespace {

product_edit creation(const std::string& id, int64_t stock = 5) {
  product_edit e;
  e.id = id;
  e.creates = true;
  e.name = "Lamp";
  e.description = "It \"glows\"";
  e.category = "Light";
  e.price = 1999;
  e.stock = stock;
  return e;
}

product_edit change(const std::string& id) {
  product_edit e;
  e.id = id;
  return e;
}

} // namespace

TEST_CASE_TEMPLATE("a product is made once, with a ledger row", Bench, real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open(10);
  const auto made = store->edit(creation("lamp"));
  REQUIRE(made.what == edited::written);
  CHECK(made.now.version == 1);
  CHECK(made.now.active);
  CHECK(made.now.image_url.empty());
  CHECK(made.now.created_at != timestamp{});
  CHECK(made.events.empty()); // few from the start: nothing was crossed
  CHECK(bench.ledger_rows() == 1);
  const auto found = bench.queries()->find("lamp").value();
  CHECK(found.description == "It \"glows\"");
  CHECK(found.created_at == made.now.created_at);
  CHECK(store->edit(creation("lamp")).what == edited::taken);
  CHECK(bench.ledger_rows() == 1);
  CHECK(units_of(bench, "lamp") == units{5, 0, 0});
}

TEST_CASE_TEMPLATE("a key makes one product, and answers as it did at first", Bench, real_stock,
                   fake_stock) {
  Bench bench;
  auto store = bench.open();
  auto first = creation("a");
  first.key = {"ann POST /inventory k", "hash"};
  const auto made = store->edit(first);
  REQUIRE(made.what == edited::written);
  auto moved = change("a");
  moved.stock = 1;
  store->edit(moved);
  auto again = first;
  again.id = "b"; // a fresh id for the same request
  const auto repeated = store->edit(again);
  CHECK(repeated.what == edited::repeated);
  CHECK(repeated.now.id == "a");
  CHECK(repeated.now.version == 1);
  CHECK(repeated.now.stock == 5);
  CHECK(repeated.now.name == "Lamp");
  CHECK(repeated.now.created_at == made.now.created_at);
  again.key->body_hash = "other";
  CHECK(store->edit(again).what == edited::key_reused);
  CHECK_FALSE(bench.queries()->find("b").has_value());
  // A refused creation leaves its key free.
  auto taken = creation("a");
  taken.key = {"ann POST /inventory k2", "hash"};
  CHECK(store->edit(taken).what == edited::taken);
  taken.id = "c";
  CHECK(store->edit(taken).what == edited::written);
}

TEST_CASE("a key of a product is free again after its life") {
  real_stock bench;
  auto store = bench.open();
  auto first = creation("a");
  first.key = {"ann POST /inventory k", "hash"};
  REQUIRE(store->edit(first).what == edited::written);
  bench.db.value("update idempotency_keys set created_at = created_at - interval '23 hours'"
                 " returning scope");
  auto again = creation("b");
  again.key = {"ann POST /inventory k", "other"};
  CHECK(store->edit(again).what == edited::key_reused);
  bench.db.value("update idempotency_keys set created_at = created_at - interval '2 hours'"
                 " returning scope");
  CHECK(store->edit(again).what == edited::written);
  CHECK(store->edit(first).what == edited::key_reused);
}

TEST_CASE_TEMPLATE("an edit of stock leaves what orders hold, and the sum stays right", Bench,
                   real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open(3);
  store->edit(creation("lamp"));
  apply_one(*store, created("o1", {{"lamp", 2}}));
  REQUIRE(units_of(bench, "lamp") == units{3, 2, 0});
  auto e = change("lamp");
  e.stock = 100;
  const auto more = store->edit(e);
  REQUIRE(more.what == edited::written);
  CHECK(more.now.version == 3);
  CHECK(units_of(bench, "lamp") == units{100, 2, 0});
  CHECK(more.events.empty());
  const auto rows = bench.ledger_rows();
  CHECK(store->edit(e).what == edited::repeated); // the same again: nothing to write
  CHECK(bench.ledger_rows() == rows);
  e.stock = 3;
  const auto fewer = store->edit(e);
  REQUIRE(fewer.events.size() == 1); // one crossing, one notice
  CHECK(fewer.events[0].fresh);
  CHECK(fewer.events[0].event.what.topic == topic::notification_requested);
  CHECK(fewer.events[0].event.what.value.find("down to 3 units") != std::string::npos);
  e.stock = 0;
  CHECK(store->edit(e).events.empty());
  CHECK(apply_one(*store, paid("o1")).what == stock_result::kind::applied);
  CHECK(units_of(bench, "lamp") == units{0, 0, 2});
}

TEST_CASE("a session that was ended while it was idle costs no edit") {
  real_stock bench;
  auto store = bench.open();
  store->edit(creation("lamp"));
  bench.db.terminate_others();
  store->connect(); // as the worker does before each
  auto e = change("lamp");
  e.price = 1;
  CHECK(store->edit(e).now.version == 2);
}

TEST_CASE_TEMPLATE("an edit meant for another version changes nothing", Bench, real_stock,
                   fake_stock) {
  Bench bench;
  auto store = bench.open();
  store->edit(creation("lamp"));
  auto e = change("lamp");
  e.price = 1;
  e.versions = {2, 3};
  CHECK(store->edit(e).what == edited::moved_on);
  e.versions = std::vector<int32_t>{};
  CHECK(store->edit(e).what == edited::moved_on);
  CHECK(bench.queries()->find("lamp")->price == 1999);
  e.versions = {1};
  CHECK(store->edit(e).now.version == 2);
  CHECK(store->edit(e).what == edited::moved_on);
  e.id = "nothing";
  CHECK(store->edit(e).what == edited::unknown);
  CHECK(bench.ledger_rows() == 2);
}

TEST_CASE_TEMPLATE("an inactive product leaves the catalogue; its orders go on", Bench, real_stock,
                   fake_stock) {
  Bench bench;
  auto store = bench.open();
  store->edit(creation("lamp"));
  apply_one(*store, created("o1", {{"lamp", 2}}));
  auto e = change("lamp");
  e.active = false;
  REQUIRE(store->edit(e).what == edited::written);
  int64_t total = 0;
  CHECK(bench.queries()->list({}, total).empty());
  CHECK(bench.queries()->count_active() == 0);
  CHECK_FALSE(bench.queries()->find("lamp")->active);
  CHECK(apply_one(*store, paid("o1")).what == stock_result::kind::applied);
  CHECK(units_of(bench, "lamp") == units{3, 0, 2});
}

TEST_CASE_TEMPLATE("the ledger is told, newest first, and adds up", Bench, real_stock, fake_stock) {
  Bench bench;
  auto store = bench.open();
  store->edit(creation("lamp"));
  store->edit(creation("other"));
  apply_one(*store, created("o1", {{"lamp", 2}}));
  auto e = change("lamp");
  e.stock = 4;
  e.price = 2500;
  const auto edited = store->edit(e);
  const auto told = bench.queries()->ledger("lamp").value();
  CHECK(told.what.stock == 4);
  CHECK(told.what.reserved == 2);
  CHECK(told.initial == 5);
  CHECK(told.adjusted == 1);
  REQUIRE(told.entries.size() == 2);
  CHECK_FALSE(told.entries[0].creates);
  CHECK(told.entries[0].version == edited.now.version);
  CHECK(told.entries[0].quantity == 1);
  CHECK(told.entries[0].price == 2500);
  CHECK(told.entries[1].creates);
  CHECK(told.entries[1].version == 1);
  CHECK(told.entries[1].quantity == 5);
  CHECK(told.entries[1].price == 1999);
  CHECK(told.entries[1].at <= told.entries[0].at);
  e.price.reset();
  e.name = "Lantern";
  store->edit(e);
  const auto renamed = bench.queries()->ledger("lamp").value().entries.at(0);
  CHECK(renamed.quantity == 0);
  CHECK_FALSE(renamed.price.has_value());
  bench.add(article("seeded", 9));
  const auto seeded = bench.queries()->ledger("seeded").value();
  CHECK(seeded.initial == 9);
  CHECK(seeded.entries.empty());
  CHECK_FALSE(bench.queries()->ledger("nothing").has_value());
}

TEST_CASE("the ledger tells each edit, and adds up to what was adjusted") {
  real_stock bench;
  auto store = bench.open();
  store->edit(creation("lamp"));
  auto e = change("lamp");
  e.stock = 12;
  store->edit(e);
  e.stock = 4;
  e.price = 2500;
  store->edit(e);
  CHECK(bench.db.value("select string_agg(kind || lines::text, ' ' order by position)"
                       " from stock_ledger where order_id is null")
        == R"(create[{"price":1999,"productId":"lamp","quantity":5}])"
           R"( adjust[{"productId":"lamp","quantity":7}])"
           R"( adjust[{"price":2500,"productId":"lamp","quantity":-8}])");
  CHECK(bench.db.number("select adjusted from products where id = 'lamp'") == -1);
}

TEST_CASE("edits and orders of one product at the same time lose nothing") {
  real_stock bench;
  bench.add(article("hot", 1000));
  std::thread buyer([&] {
    auto store = bench.open();
    for (int i = 0; i < 60; ++i)
      CHECK(apply_one(*store, created("o" + std::to_string(i), {{"hot", 1}})).what
            == stock_result::kind::applied);
  });
  auto store = bench.open();
  for (int i = 0; i < 60; ++i) {
    auto e = change("hot");
    e.price = 2000 + i;
    CHECK(store->edit(e).what == edited::written);
  }
  buyer.join();
  CHECK(units_of(bench, "hot") == units{940, 60, 0});
  CHECK(bench.queries()->find("hot")->version == 121);
  CHECK(bench.ledger_rows() == 120);
}
