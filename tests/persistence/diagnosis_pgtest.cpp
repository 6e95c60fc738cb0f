// What the diagnosis reads of orders in every kind of wait, in databases that the real stores have
// written.

#include "persistence/diagnosis_queries.hpp"
#include "tests/persistence/audit_shop.hpp"
#include "tests/support/pg_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace troupe;
using namespace troupe::test;

namespace {

/// The walked shop, and a reader of each service's database.
struct walked_shop {
  walked_shop() {
    walk_cleanly({orders.conninfo(), payments.conninfo(), inventory.conninfo(), emailing.conninfo(),
                  gateway.conninfo()});
  }

  diagnosis of(const std::string& id) const {
    diagnosis d;
    d.order_id = id;
    const std::array all{&orders, &payments, &inventory, &emailing};
    for (size_t i = 0; i < all.size(); ++i)
      d.facts[i] = make_diagnosis_queries(static_cast<service>(i), all[i]->conninfo())->of(id);
    return d;
  }

  pg_database orders{database::orders}, payments{database::payments},
      inventory{database::inventory}, emailing{database::emailing}, gateway{database::gateway};
};

std::vector<std::string> topics(const std::vector<told_event>& events) {
  std::vector<std::string> all;
  all.reserve(events.size());
  for (const auto& e : events)
    all.push_back(e.topic);
  return all;
}

bool all_published(const std::vector<told_event>& events) {
  return std::ranges::all_of(events, &told_event::published);
}

constexpr auto* keep_sql
    = "insert into parked_events (order_id, ce_source, ce_id, topic, partition, record_offset, key,"
      " value) values ('orderopen', '/troupe/order', 'order-9.0', 'payment-success', 2, 17,"
      " 'orderopen', '{}'), ('other', '/troupe/order', 'order-8.0', 'payment-success', 2, 16,"
      " 'other', '{}');"
      " insert into dead_letters (consumer, topic, partition, record_offset, ce_source, ce_id, key,"
      " value, order_id, error, replayed_at, discarded_at) values"
      " ('troupe', 'order-cancelled', 1, 5, '/troupe/order', 'order-7.0', 'orderopen', '{',"
      "  'orderopen', 'not JSON', null, null),"
      " ('troupe', 'order-cancelled', 1, 6, '/troupe/order', 'order-6.0', 'other', '{', null,"
      "  'not JSON', null, null),"
      " ('troupe', 'order-cancelled', 1, 7, '/troupe/order', 'order-5.0', 'orderopen', '{',"
      "  'orderopen', 'replayed', now(), null),"
      " ('troupe', 'order-cancelled', 1, 8, '/troupe/order', 'order-4.0', 'orderopen', '{',"
      "  'orderopen', 'discarded', null, now())";

/// A completed one.
void see_completed(walked_shop& shop) {
  const auto d = shop.of("orderdone");
  const auto& o = d.of(service::order)->order;
  REQUIRE(o);
  CHECK(o->status == order_status::completed);
  CHECK(o->payment == payment_status::success);
  CHECK(o->version == 6);
  CHECK(!o->deadline);
  CHECK(!o->overdue);
  CHECK(o->shard == shard_of("orderdone"));
  CHECK(o->node == "node-1");
  CHECK(o->incarnation == shop.orders.number("select max(incarnation) from incarnations"));
  CHECK(o->epoch == 2); // the second process has claimed it from the first
  CHECK(o->served);
  const auto& events = d.of(service::order)->events;
  CHECK(topics(events)
        == std::vector<std::string>{"order-created", "payment-success", "notification-requested",
                                    "order-dispatched", "order-completed"});
  CHECK(all_published(events));
  CHECK(events[0].sequence == 1);
  CHECK(events[0].id == "order-" + std::to_string(events[0].at) + ".0");
  CHECK(waiting_for(d).code == "nothing");
}

/// What payment and inventory have of it.
void see_its_money_and_stock(walked_shop& shop) {
  const auto d = shop.of("orderdone");
  const auto& p = d.of(service::payment)->payment;
  REQUIRE(p);
  CHECK(p->status == "SUCCESS");
  CHECK(p->amount == 3 * 1999 + 500);
  REQUIRE(p->attempts.size() == 1);
  CHECK(p->attempts[0].what.status == attempt_status::captured);
  CHECK(p->attempts[0].what.transaction_id == "tx-orderdone:1");
  CHECK(p->attempts[0].incarnation == 1); // of the first process
  const auto& s = d.of(service::inventory)->stock;
  REQUIRE(s);
  CHECK(s->record.state == stock_state::sold);
  CHECK(s->record.lines == std::vector<stock_line>{{"p1", 3}, {"p2", 1}});
  CHECK(s->available.size() == 2);
  CHECK(s->available[0] == shop.inventory.number("select stock from products where id = 'p1'"));
  CHECK(topics(d.of(service::inventory)->events) // the first sale crosses the low-stock mark
        == std::vector<std::string>{"notification-requested", "inventory-updated"});
}

/// One whose money went back, one that was short, one that was paid at the second try.
void see_others(const walked_shop& shop) {
  const auto refunded = shop.of("orderrefunded");
  CHECK(topics(refunded.of(service::payment)->events)
        == std::vector<std::string>{"payment-refunded"});
  CHECK(refunded.of(service::payment)->payment->attempts.at(0).what.refund
        == refund_status::refunded);
  CHECK(refunded.of(service::inventory)->stock->record.state == stock_state::released);
  const auto again = shop.of("orderagain");
  CHECK(again.of(service::payment)->payment->attempts.size() == 2);
  CHECK(again.of(service::payment)->payment->attempts[0].what.status == attempt_status::declined);
  CHECK(waiting_for(again).code == "dispatch");
  CHECK(waiting_for(shop.of("ordershort")).code == "nothing");
}

/// An open one, past its deadline, with what could not be applied for it.
void see_open(walked_shop& shop) {
  auto d = shop.of("orderopen");
  CHECK(d.of(service::order)->order->deadline);
  CHECK(!d.of(service::order)->order->overdue);
  CHECK(!d.of(service::payment)->payment);
  CHECK(waiting_for(d).code == "customer");
  for (auto* db : {&shop.orders, &shop.payments, &shop.inventory, &shop.emailing})
    db->session().script(keep_sql);
  shop.orders.session().exec("update orders set deadline_at = now() - interval '1 second'"
                             " where id = 'orderopen'");
  d = shop.of("orderopen");
  CHECK(d.of(service::order)->order->overdue);
  for (const auto& facts : d.facts) {
    REQUIRE(facts->parked.size() == 1);
    CHECK(facts->parked[0].topic == "payment-success");
    CHECK(facts->parked[0].partition == 2);
    CHECK(facts->parked[0].offset == 17);
    CHECK(facts->parked[0].event_id == "order-9.0");
    REQUIRE(facts->dead_letters.size() == 1);
    CHECK(facts->dead_letters[0].error == "not JSON");
    CHECK(facts->dead_letters[0].id > 0);
  }
}

/// Events above their stream's watermark are not published.
void see_unpublished(walked_shop& shop) {
  shop.orders.session().exec("update watermarks set position = (select min(position)"
                             " from order_status_history where order_id = 'orderagain')");
  shop.orders.session().exec("update streams set drained = false");
  const auto events = shop.of("orderagain").of(service::order)->events;
  REQUIRE(events.size() > 2);
  CHECK(events.front().published);
  CHECK(!events.back().published);
  // A drained stream's watermark is of no interest.
  shop.orders.session().exec("update streams set drained = true");
  CHECK(all_published(shop.of("orderagain").of(service::order)->events));
  shop.orders.session().exec("update streams set drained = false");
  shop.orders.session().exec("delete from watermarks");
  CHECK(!shop.of("orderagain").of(service::order)->events.front().published);
}

/// Nobody owns the shard, or its owner's lease is over.
void see_without_owner(walked_shop& shop) {
  shop.orders.session().exec("update incarnations set lease_until = now() - interval '1 second'");
  CHECK(!shop.of("orderopen").of(service::order)->order->served);
  shop.orders.session().exec("update shards set owner = null");
  const auto d = shop.of("orderopen");
  CHECK(d.of(service::order)->order->node.empty());
  CHECK(waiting_for(d).code == "owner");
}

/// An order that nobody knows.
void see_unknown(const walked_shop& shop) {
  const auto d = shop.of("nobody");
  for (const auto& facts : d.facts) {
    CHECK(!facts->order);
    CHECK(!facts->payment);
    CHECK(!facts->stock);
    CHECK(facts->events.empty());
    CHECK(facts->parked.empty());
    CHECK(facts->dead_letters.empty());
  }
}

} // namespace

TEST_CASE("each service's part of an order, as its stores have written it") {
  walked_shop shop;
  see_completed(shop);
  see_its_money_and_stock(shop);
  see_others(shop);
  see_unknown(shop);
  see_open(shop);
  see_unpublished(shop);
  see_without_owner(shop);
}

TEST_CASE("a reader comes back after its session was ended") {
  pg_database db(database::payments);
  const auto queries = make_diagnosis_queries(service::payment, db.conninfo());
  CHECK(!queries->of("o1").payment);
  db.terminate_others();
  CHECK(!queries->of("o1").payment);
}
