// What an emailing store promises, on PostgreSQL and on its fake alike.

#include "persistence/emailing_store.hpp"
#include "tests/persistence/pg_wait.hpp"
#include "tests/persistence/shared_database.hpp"
#include "tests/support/fake_emailing_store.hpp"

#include <doctest/doctest.h>

#include <future>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

/// The notice of a parked event: its topic is the title.
std::optional<notice> decode(const incoming_event& e) {
  if (e.value == "unreadable")
    return std::nullopt;
  notice n;
  n.what.type = "ORDER";
  n.what.title = e.topic;
  n.what.message = "about " + e.key;
  n.what.order_id = e.key;
  n.origin = e;
  return n;
}

notice about(const std::string& order_id, const std::string& topic,
             const std::string& user_id = "") {
  incoming_event e;
  e.topic = topic;
  e.key = order_id;
  e.value = "{}";
  e.id = topic + "-" + order_id;
  e.source = "/troupe/order";
  auto n = decode(e).value();
  n.what.user_id = user_id;
  n.tells_user = topic == topic::order_created;
  return n;
}

class real_emailing {
public:
  std::unique_ptr<emailing_store> open() const {
    return make_emailing_store(db.conninfo(), decode);
  }
  int64_t parked() { return db.number("select count(*) from parked_events"); }
  void pass_time() {
    db.session().exec("update emails set next_try_at = next_try_at - interval '1 hour'");
  }

  pg_database& db = emptied(database::emailing);
};

class fake_emailing {
public:
  /// One store: the fake is its own database.
  std::unique_ptr<emailing_store> open() {
    auto store = std::make_unique<fake_emailing_store>(decode);
    store_ = store.get();
    return store;
  }
  int64_t parked() const {
    int64_t all = 0;
    for (const auto& [order_id, events] : store_->known.waiting)
      all += static_cast<int64_t>(events.size());
    return all;
  }
  void pass_time() { store_->now += 1h; }

private:
  fake_emailing_store* store_ = nullptr;
};

notice_outcome apply_one(emailing_store& store, const notice& n) {
  return store.apply(std::vector{n});
}

std::string titles(const std::vector<notification>& all) {
  std::string text;
  for (const auto& n : all)
    text += n.title + " ";
  return text;
}

} // namespace

TYPE_TO_STRING(real_emailing);
TYPE_TO_STRING(fake_emailing);

TEST_CASE_TEMPLATE("one notification and one e-mail an event", Bench, real_emailing,
                   fake_emailing) {
  Bench bench;
  auto store = bench.open();
  const auto first = apply_one(*store, about("o", "order-created", "u"));
  REQUIRE(first.added.size() == 1);
  CHECK(first.added[0].user_id == "u");
  CHECK(first.added[0].order_id == "o");
  CHECK(first.added[0].created_at != timestamp{});
  for (int i = 0; i < 20; ++i)
    CHECK(apply_one(*store, about("o", "order-created", "u")).added.empty());
  const auto batch = store->apply(
      std::vector{about("o", "payment-success"), about("o", "payment-success"),
                  about("o", "order-completed"), about("", "notification-requested", "admin")});
  CHECK(titles(batch.added) == "payment-success order-completed notification-requested ");
  CHECK(batch.added[0].user_id == "u"); // known from order-created
  CHECK(titles(store->list("u", false, 50)) == "order-completed payment-success order-created ");
  CHECK(titles(store->list("admin", false, 50)) == "notification-requested ");
  CHECK(store->list("u", false, 2).size() == 2);
  CHECK(store->list("nobody", false, 50).empty());
  const auto newest = store->list("u", false, 1).at(0);
  CHECK(titles(store->list("u", false, 50, newest.seq)) == "payment-success order-created ");
  CHECK(titles(store->list("u", true, 1, newest.seq)) == "payment-success ");
  CHECK(store->due_emails(10, 1min).size() == 4);
}

TEST_CASE_TEMPLATE("the event of an unknown order waits for its user", Bench, real_emailing,
                   fake_emailing) {
  Bench bench;
  auto store = bench.open();
  SUBCASE("in batches of their own") {
    CHECK(apply_one(*store, about("o", "payment-success")).added.empty());
    CHECK(apply_one(*store, about("o", "payment-success")).added.empty());
    CHECK(apply_one(*store, about("o", "order-completed")).added.empty());
    CHECK(bench.parked() == 2);
    const auto drained = apply_one(*store, about("o", "order-created", "u"));
    CHECK(titles(drained.added) == "order-created payment-success order-completed ");
    CHECK(drained.added[1].user_id == "u");
  }
  SUBCASE("in one batch") {
    const auto got = store->apply(
        std::vector{about("o", "payment-success"), about("o", "order-created", "u")});
    CHECK(titles(got.added) == "order-created payment-success ");
  }
  SUBCASE("what was drained is not told again") {
    apply_one(*store, about("o", "payment-success"));
    apply_one(*store, about("o", "order-created", "u"));
    CHECK(apply_one(*store, about("o", "payment-success")).added.empty());
  }
  CHECK(bench.parked() == 0);
}

TEST_CASE_TEMPLATE("only its user reads a notification", Bench, real_emailing, fake_emailing) {
  Bench bench;
  auto store = bench.open();
  store->apply(std::vector{about("o1", "order-created", "u"), about("o2", "order-created", "v")});
  const auto id = store->list("u", true, 50).at(0).id;
  CHECK_FALSE(store->mark_read("v", id).has_value());
  CHECK_FALSE(store->mark_read("u", "nothing").has_value());
  CHECK(store->list("u", true, 50).size() == 1);
  const auto read = store->mark_read("u", id);
  REQUIRE(read.has_value());
  CHECK(read->is_read);
  CHECK(store->mark_read("u", id)->is_read); // again: the same
  CHECK(store->list("u", true, 50).empty());
  CHECK(store->list("u", false, 50).at(0).is_read);
}

TEST_CASE_TEMPLATE("an e-mail is leased, tried again, sent once", Bench, real_emailing,
                   fake_emailing) {
  Bench bench;
  auto store = bench.open();
  store->apply(std::vector{about("o1", "order-created", "u"), about("o2", "order-created", "u")});
  const auto due = store->due_emails(10, 1min);
  REQUIRE(due.size() == 2);
  CHECK(due[0].subject == "order-created");
  CHECK(due[0].body.starts_with("about o"));
  CHECK(store->due_emails(10, 1min).empty());
  store->emails_sent(std::vector{due[0].id});
  store->emails_failed(std::vector{due[1].id}, 30min);
  CHECK(store->due_emails(10, 1min).empty());
  bench.pass_time();
  const auto again = store->due_emails(10, 1min);
  REQUIRE(again.size() == 1);
  CHECK(again[0].id == due[1].id);
  store->emails_sent(std::vector{due[1].id});
  store->emails_failed(std::vector{due[1].id}, 0s); // too late: it is sent
  bench.pass_time();
  CHECK(store->due_emails(10, 1min).empty());
}

TEST_CASE_TEMPLATE("a notice for nobody is rejected alone", Bench, real_emailing, fake_emailing) {
  Bench bench;
  auto store = bench.open();
  const auto got
      = store->apply(std::vector{about("o", "order-created", "u"), about("", "payment-success"),
                                 about("p", "order-created", "u")});
  CHECK(got.added.size() == 2);
  REQUIRE(got.rejected.size() == 1);
  CHECK(got.rejected[0].index == 1);
}

TEST_CASE("what the database refuses is rejected alone") {
  real_emailing bench;
  auto store = bench.open();
  auto bad = about("o", "payment-success");
  bad.what.type = "NOTHING";
  const auto got
      = store->apply(std::vector{about("o", "order-created", "u"), bad, about("o", "x")});
  CHECK(titles(got.added) == "order-created x ");
  REQUIRE(got.rejected.size() == 1);
  CHECK(got.rejected[0].index == 1);
}

TEST_CASE("an event that is parked while its order becomes known is told") {
  real_emailing bench;
  auto store = bench.open();
  auto& rival = bench.db.session();
  rival.exec("begin");
  rival.exec("insert into order_users (order_id, user_id) values ('o', 'u')");
  auto slow = std::async(std::launch::async,
                         [&] { return apply_one(*store, about("o", "payment-success")); });
  await_blocked(bench.db);
  rival.exec("commit");
  const auto got = slow.get();
  REQUIRE(got.added.size() == 1);
  CHECK(got.added[0].user_id == "u");
  CHECK(bench.parked() == 0);
}

TEST_CASE("a user's notifications are committed in the order of their numbers") {
  real_emailing bench;
  auto store = bench.open();
  auto& rival = bench.db.session();
  // Another writer of the same user has its number, and has not committed yet.
  rival.exec("begin");
  rival.exec("select pg_advisory_xact_lock(1, hashtext('u'))");
  rival.exec("insert into notifications (id, user_id, type, title, message, event_source, event_id)"
             " values ('early', 'u', 'ORDER', 'early', '', 's', 'e')");
  auto late = std::async(std::launch::async,
                         [&] { return apply_one(*store, about("o", "order-created", "u")); });
  await_blocked(bench.db);
  auto other = bench.open();
  CHECK(apply_one(*other, about("p", "order-created", "v")).added.size() == 1); // another user's
  CHECK(other->list_after(std::vector{notification_cursor{"u", 0}}, 10)[0].empty());
  rival.exec("commit");
  REQUIRE(late.get().added.size() == 1);
  const auto all = other->list_after(std::vector{notification_cursor{"u", 0}}, 10)[0];
  CHECK(titles(all) == "early order-created ");
}

TEST_CASE_TEMPLATE("notifications are read on from many cursors at once", Bench, real_emailing,
                   fake_emailing) {
  Bench bench;
  auto store = bench.open();
  for (const auto* topic : {"order-created", "payment-success", "order-completed"}) {
    apply_one(*store, about("o", topic, "u"));
    apply_one(*store, about("p", topic, "v"));
  }
  const auto first = store->list("u", false, 10).back().seq;
  const auto feed = store->list_after(
      std::vector<notification_cursor>{
          {"u", first}, {"nobody", 0}, {"v", 0}, {"u", 0}, {"v", INT64_MAX}},
      2);
  REQUIRE(feed.size() == 5);
  CHECK(titles(feed[0]) == "payment-success order-completed ");
  CHECK(feed[1].empty());
  CHECK(titles(feed[2]) == "order-created payment-success ");
  CHECK(titles(feed[3]) == "order-created payment-success ");
  CHECK(feed[4].empty());
  CHECK(feed[0][0].user_id == "u");
  CHECK(feed[0][0].seq > first);
}

TEST_CASE("a store comes back by itself after its sessions were ended") {
  real_emailing bench;
  auto store = bench.open();
  apply_one(*store, about("o", "order-created", "u"));
  bench.db.terminate_others();
  CHECK(apply_one(*store, about("o", "payment-success")).added.size() == 1);
  CHECK(store->list("u", false, 50).size() == 2);
}
