// Prices from memory, and what customers are told.

#include "actors/catalogue.hpp"
#include "actors/inventory_worker.hpp"
#include "actors/notices.hpp"
#include "tests/support/fake_inventory_store.hpp"
#include "tests/support/stage.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

product lamp(cents price = 1999, int64_t stock = 5) {
  product p;
  p.id = "p-001";
  p.name = "Lamp";
  p.price = price;
  p.stock = stock;
  p.image_url = "/lamp.jpg";
  return p;
}

struct shelf {
  health_board board;
  std::shared_ptr<fake_inventory> db = std::make_shared<fake_inventory>();
  fake_inventory_queries* queries = nullptr;
  fake_inventory_store* store = nullptr;
  publisher_actor publisher;
  std::vector<outgoing_event> published;
};

struct catalogue_house : shelf, stage {
  catalogue_actor open() {
    auto reader = [this](size_t) -> product_reader {
      auto made = std::make_unique<fake_inventory_queries>(db);
      queries = made.get();
      queries->down = down;
      return sys.spawn(product_reader_behavior,
                       std::make_shared<std::unique_ptr<inventory_queries>>(std::move(made)));
    };
    publisher = keep(sys.spawn([this]() -> publisher_actor::behavior_type {
      return {[this](publication& p) {
        for (auto& e : p.events)
          published.push_back(std::move(e));
      }};
    }));
    auto editor = [this](size_t) -> product_editor {
      auto made = std::make_unique<fake_inventory_store>(db, 3);
      store = made.get();
      return sys.spawn(inventory_worker_behavior,
                       std::make_shared<std::unique_ptr<inventory_store>>(std::move(made)),
                       publisher);
    };
    return keep(sys.spawn(catalogue_behavior, reader, editor, &board));
  }
  caf::expected<product_answer> edit(const catalogue_actor& by, const product_edit& e) {
    return ask<product_answer>(by, edit_atom::value, e);
  }
  caf::expected<quote> price(const catalogue_actor& by) {
    return ask<quote>(by, std::vector<wanted_line>{{"p-001", 1, {}}});
  }
  /// Whether the order service can price.
  health readiness() const { return board.checks("order").at("catalogue").state; }

  bool down = false;
};

notice told(std::string_view topic, const std::string& value) {
  incoming_event e;
  e.topic = topic;
  e.value = value;
  auto result = notice_of(e);
  REQUIRE(std::holds_alternative<notice>(result));
  return std::get<notice>(result);
}

} // namespace

TEST_CASE("a quote prices the lines and names what is wrong with each") {
  auto gone = lamp();
  gone.id = "p-002";
  gone.active = false;
  std::unordered_map<std::string, product> known{{"p-001", lamp()}, {"p-002", gone}};
  auto q = make_quote(known, {{"p-001", 2, 1999}, {"p-002", 1, {}}, {"p-404", 1, {}}});
  CHECK(q.total == 3998);
  REQUIRE(q.lines.size() == 1);
  CHECK(q.lines[0] == order_line{"", "p-001", 2, 1999, "Lamp", "/lamp.jpg"});
  CHECK(q.unknown == std::vector<std::string>{"p-002", "p-404"});
  CHECK(q.changed.empty());
  CHECK(q.short_of.empty());
  q = make_quote(known, {{"p-001", 6, 1998}});
  REQUIRE(q.changed.size() == 1);
  CHECK(q.changed[0].price == 1999);
  REQUIRE(q.short_of.size() == 1);
  CHECK(q.short_of[0].available == 5);
  known["p-001"] = lamp(max_amount);
  CHECK(make_quote(known, {{"p-001", 2, {}}}).too_large);
  CHECK_FALSE(make_quote(known, {{"p-001", 1, {}}}).too_large);
}

TEST_CASE_FIXTURE(catalogue_house, "before the catalogue is loaded nobody is told that a product "
                                   "does not exist") {
  db->add_product(lamp());
  down = true;
  auto catalogue = open();
  CHECK(fault_of(price(catalogue)) == troupe::fault::unavailable);
  CHECK(readiness() == health::down);
  queries->down = false;
  pass(std::chrono::milliseconds(1100));
  CHECK(price(catalogue)->total == 1999);
  CHECK(readiness() == health::up);
}

TEST_CASE_FIXTURE(catalogue_house,
                  "a change is known within about a second, also after an outage") {
  db->add_product(lamp());
  auto catalogue = open();
  run();
  REQUIRE(price(catalogue));
  db->add_product(lamp(500));
  pass(std::chrono::milliseconds(1100));
  auto now = price(catalogue);
  REQUIRE(now);
  CHECK(now->total == 500);
  queries->down = true;
  db->add_product(lamp(600));
  pass(std::chrono::seconds(5));
  CHECK(price(catalogue)->total == 500); // from memory
  CHECK(fault_of(ask<product>(catalogue, view_atom::value, std::string("p-001")))
        == troupe::fault::unavailable);
  CHECK_FALSE(*ask<bool>(catalogue, ping_atom::value));
  queries->down = false;
  pass(std::chrono::milliseconds(1100));
  CHECK(price(catalogue)->total == 600);
  CHECK(fault_of(ask<product>(catalogue, view_atom::value, std::string("p-404")))
        == troupe::fault::not_found);
}

TEST_CASE_FIXTURE(catalogue_house, "an edit counts for the very next quote, its events are told") {
  db->add_product(lamp());
  auto catalogue = open();
  run();
  product_edit e;
  e.id = "p-001";
  e.price = 2500;
  e.stock = 2;
  e.versions = {1};
  auto done = edit(catalogue, e);
  REQUIRE(done);
  CHECK_FALSE(done->repeated);
  CHECK(done->now.version == 2);
  CHECK(price(catalogue)->total == 2500);
  REQUIRE(published.size() == 1); // down to 2 units
  CHECK(published[0].what.topic == topic::notification_requested);

  CHECK(fault_of(edit(catalogue, e)) == troupe::fault::moved_on);
  e.versions.reset();
  CHECK(edit(catalogue, e)->repeated);
  e.active = false;
  CHECK(edit(catalogue, e)->now.version == 3);
  CHECK(price(catalogue)->unknown.size() == 1);
  e.creates = true;
  e.name = "Lamp";
  CHECK(fault_of(edit(catalogue, e)) == troupe::fault::id_taken);
  e.creates = false;
  e.id = "p-404";
  CHECK(fault_of(edit(catalogue, e)) == troupe::fault::not_found);
  CHECK(published.size() == 1);
}

TEST_CASE_FIXTURE(catalogue_house, "what is read late does not undo an edit") {
  catalogue_state state;
  auto now = lamp(500);
  now.version = 3;
  state.learn(now);
  auto before = lamp(100);
  before.version = 2;
  state.learn(before);
  CHECK(state.products.at("p-001").price == 500);
}

TEST_CASE_FIXTURE(catalogue_house, "an edit meets a database that is away") {
  db->add_product(lamp());
  auto catalogue = open();
  run();
  store->session.faults.push_back(store_fault::wait);
  product_edit e;
  e.id = "p-001";
  e.price = 1;
  CHECK(fault_of(edit(catalogue, e)) == troupe::fault::unavailable);
  CHECK(price(catalogue)->total == 1999);
  CHECK(edit(catalogue, e)->now.price == 1);
}

TEST_CASE("each event that concerns the customer has its words") {
  auto received
      = told(topic::order_created, R"({"orderId":"o1","userId":"ada","totalAmount":19.05,)"
                                   R"("items":[{"productId":"p","quantity":1}]})");
  CHECK(received.tells_user);
  CHECK(received.what.user_id == "ada");
  CHECK(received.what.message == "We have received order o1 over 19.05.");
  auto failed
      = told(topic::payment_failed, R"({"orderId":"o1","reason":"The card was declined."})");
  CHECK(failed.what.type == "PAYMENT");
  CHECK(failed.what.message
        == "The payment of order o1 failed: The card was declined. You can pay again.");
  CHECK_FALSE(failed.tells_user);
  CHECK(failed.what.user_id.empty()); // only order-created knows it
  CHECK(told(topic::order_dispatched, R"({"orderId":"o1","trackingNumber":"T1","courier":"C1"})")
            .what.message
        == "Order o1 is on its way with C1, tracking number T1.");
  CHECK(told(topic::order_dispatched, R"({"orderId":"o1"})").what.message
        == "Order o1 is on its way.");
  auto own = told(topic::notification_requested,
                  R"({"userId":"admin","type":"ORDER","title":"Low","message":"Buy."})");
  CHECK(own.what.title == "Low");
  CHECK(own.what.user_id == "admin");
}

TEST_CASE("events that are not the emailing service's, or broken, are no notices") {
  incoming_event e;
  e.topic = topic::inventory_updated;
  e.value = R"({"orderId":"o1"})";
  CHECK(std::holds_alternative<bad_event>(notice_of(e)));
  CHECK_FALSE(decode_notice(e));
  e.topic = topic::order_completed;
  CHECK(decode_notice(e));
  e.value = "{";
  CHECK_FALSE(decode_notice(e));
}
