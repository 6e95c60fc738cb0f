// The audit: a clean shop has nothing to hide, and each broken promise is found by its check.

#include "persistence/audit_checks.hpp"
#include "persistence/retention.hpp"
#include "tests/persistence/audit_shop.hpp"
#include "tests/persistence/audit_violations.hpp"
#include "tests/support/pg_fixture.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

/// The walked databases, made once, with one session each. What a test breaks in them is never
/// committed.
class walked {
public:
  walked() { walk_cleanly(all()); }
  audit_databases all() const {
    return {orders.conninfo(), payments.conninfo(), inventory.conninfo(), emailing.conninfo(),
            gateway.conninfo()};
  }
  pg_database& of(database which) {
    switch (which) {
      case database::orders:
        return orders;
      case database::payments:
        return payments;
      case database::inventory:
        return inventory;
      case database::emailing:
        return emailing;
      case database::gateway:
        break;
    }
    return gateway;
  }
  /// As the sessions see them.
  std::vector<audit_line> look(bool quiesced) {
    using auditing::view;
    auditing::snapshots see({{view::orders, &orders.session()},
                             {view::payments, &payments.session()},
                             {view::gateway, &gateway.session()},
                             {view::emailing, &emailing.session()},
                             {view::inventory, &inventory.session()},
                             {view::payments_after, &payments.session()},
                             {view::orders_after, &orders.session()}},
                            {.quiesced = quiesced});
    return auditing::run_checks(see, {.quiesced = quiesced});
  }

  pg_database orders{database::orders}, payments{database::payments},
      inventory{database::inventory}, emailing{database::emailing}, gateway{database::gateway};
};

walked& clean() {
  // Made after a first connection: at exit it must go before OpenSSL's state, which libpq needs to
  // connect once more and drop the databases.
  static auto all = [] {
    const pg::connection first{test_server()};
    return std::make_unique<walked>();
  }();
  return *all;
}

/// One of the walked databases broken by a script, beside the others as they are, until it goes.
class spoilt {
public:
  spoilt(database which, const std::string& script) : on_(clean().of(which).session()) {
    on_.script("begin; " + script);
  }
  spoilt(const spoilt&) = delete;
  spoilt& operator=(const spoilt&) = delete;
  ~spoilt() { on_.script("rollback"); }
  std::vector<audit_line> look(bool quiesced) const { return clean().look(quiesced); }

private:
  pg::connection& on_;
};

std::set<int> found(const std::vector<audit_line>& lines) {
  std::set<int> all;
  for (const auto& line : lines)
    if (line.count > 0)
      all.insert(line.number);
  return all;
}

/// "4 13": prints well.
std::string numbers(const std::set<int>& all) {
  std::string text;
  for (const int number : all)
    text += (text.empty() ? "" : " ") + std::to_string(number);
  return text;
}

std::string text_of(const std::vector<audit_line>& lines) {
  std::string text;
  for (const auto& line : lines)
    if (line.count > 0) {
      text += std::to_string(line.number) + " " + line.name + ": " + std::to_string(line.count);
      for (const auto& example : line.examples)
        text += "\n  " + example;
      text += "\n";
    }
  return text;
}

} // namespace

TEST_CASE("a clean walk has nothing to hide") {
  for (const bool quiesced : {false, true}) {
    const auto lines = audit(clean().all(), {.quiesced = quiesced});
    CHECK(text_of(lines).empty());
    REQUIRE(lines.size() == 17);
    for (int i = 0; i < 17; ++i) {
      CHECK(lines[i].number == i + 1);
      if (quiesced)
        CHECK(lines[i].skipped.empty());
    }
    CHECK(lines[9].skipped.empty() == quiesced);
  }
}

TEST_CASE("each broken promise is found by its check") {
  for (const auto& v : violations()) {
    CAPTURE(std::string(v.what));
    const spoilt shop(v.where, v.script);
    const auto lines = shop.look(true);
    CAPTURE(text_of(lines));
    CHECK(numbers(found(lines)) == numbers(v.by));
    // While nodes serve, it is either found too, or may be so.
    const auto serving = found(shop.look(false));
    if (v.only_quiesced)
      CHECK(serving.empty());
    else
      CHECK_FALSE(serving.empty());
  }
}

TEST_CASE("what waits in the inbox is not lost") {
  const std::string waits
      = "insert into parked_events (order_id, ce_source, ce_id, topic, partition, record_offset,"
        " key, value) select 'orderopen', event_source, event_id, 'order-created', 0, 1, 'k', ''"
        " from notifications where order_id = 'orderopen';"
        "delete from emails where id in (select id from notifications"
        " where order_id = 'orderopen');"
        "delete from notifications where order_id = 'orderopen';"
        "update order_users set user_id = null where order_id = 'orderopen'";
  const spoilt parked(database::emailing, waits);
  CHECK(found(parked.look(true)).empty());
}

TEST_CASE("a dead letter that the admin has settled is accounted for") {
  const spoilt shop(database::payments,
                    "insert into dead_letters (consumer, topic, partition, record_offset,"
                    " ce_source, ce_id, key, value, error, replayed_at, discarded_at) values"
                    " ('c', 't', 0, 1, '', '', '', '', 'bad', now(), null),"
                    " ('c', 't', 0, 2, '', '', '', '', 'bad', null, now())");
  CHECK(found(shop.look(true)).empty());
}

TEST_CASE("shards that move between nodes, or wait for the next owner, are not without one") {
  const std::string node
      = "insert into incarnations (name, endpoint, started_at, leaving, fenced, lease_until)"
        " values ('node-2', 'there', now() - interval '1 second', ";
  const std::string give = "update shards set owner = (select max(incarnation) from incarnations)"
                           " where id between 7 and 30";
  const std::string lives = "now() + interval '3 seconds');",
                    gone = "now() - interval '5 seconds');";
  // Given to the next one; still with one that leaves; with one that has just died.
  for (const auto& at_any_time : {fmt::format("{}false, false, {}{}", node, lives, give),
                                  fmt::format("{}true, false, {}{}", node, lives, give),
                                  fmt::format("{}false, false, {}{}", node, gone, give)}) {
    CAPTURE(at_any_time);
    const spoilt shop(database::orders, at_any_time);
    CHECK(found(shop.look(false)).empty());
    CHECK(found(shop.look(true)).empty());
  }
  // Fenced, and not yet claimed; claimed by nobody, because the only node has just been started.
  for (const auto& for_a_moment :
       {fmt::format("{}true, true, {}{}", node, gone, give),
        fmt::format("update incarnations set fenced = true, lease_until = now() - interval '1 day';"
                    "{}false, false, {}",
                    node, lives)}) {
    CAPTURE(for_a_moment);
    const spoilt shop(database::orders, for_a_moment);
    CHECK(found(shop.look(false)).empty());
    CHECK(numbers(found(shop.look(true))) == "16");
  }
}

TEST_CASE("an audit that takes long judges its snapshot by the time when that was taken") {
  const spoilt shop(database::orders,
                    "update orders set deadline_at = now() - interval '59.7 seconds'"
                    " where id = 'orderopen';"
                    "select pg_sleep(0.5)");
  CHECK(found(shop.look(true)).empty());
}

TEST_CASE("all of many rows are looked at, and few are shown") {
  const spoilt shop(database::orders,
                    "insert into orders select 'many' || n, 'u', 1, 'CREATED', 'PENDING', now(),"
                    " now(), '{}', 1, 0, 0, '', false, 0, null from generate_series(1, 2500) n");
  const auto lines = shop.look(false);
  CHECK(numbers(found(lines)) == "1 8");
  CHECK(lines[0].count == 2500);
  CHECK(lines[7].count == 2500);
  CHECK(lines[0].examples.size() == 5);
  CHECK(lines[7].examples.size() == 5);
}

TEST_CASE("without the gateway's books, only what needs them is left out") {
  auto at = clean().all();
  at.gateway.clear();
  const auto lines = audit(at, {.quiesced = true});
  CHECK(text_of(lines).empty());
  CHECK_FALSE(lines[5].skipped.empty());
  CHECK(lines[6].skipped.empty());
}

TEST_CASE("a database that cannot be read is no clean audit") {
  auto at = clean().all();
  at.emailing = test_server() + " dbname=troupe_test_nothing";
  CHECK_THROWS_AS(audit(at, {}), store_error);
  const pg_database empty;
  at.emailing = empty.conninfo();
  CHECK_THROWS_AS(audit(at, {}), store_error);
}

/// The last one: it changes the databases that were walked.
TEST_CASE("what retention removes is not missed") {
  auto& mails = clean().of(database::emailing);
  mails.session().script("update notifications set is_read = true;"
                         "update emails set status = 'SENT', sent_at = created_at");
  auto& orders = clean().of(database::orders);
  const auto told = mails.number("select count(*) from notifications");
  REQUIRE(told > 0);
  auto old = make_retention(mails.conninfo());
  using std::chrono::hours;
  CHECK(old->remove(old_rows::notifications, hours(0), 1000) == told);
  CHECK(old->remove(old_rows::emails, hours(0), 1000) == told);
  CHECK(make_retention(orders.conninfo())->remove(old_rows::keys, hours(0), 1000) > 0);
  CHECK(text_of(audit(clean().all(), {.quiesced = true})).empty());
}
