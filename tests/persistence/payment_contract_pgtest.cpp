// What a payment store promises, on PostgreSQL and on its fake alike.

#include "domain/payment.hpp"
#include "persistence/payment_store.hpp"
#include "tests/persistence/pg_wait.hpp"
#include "tests/persistence/shared_database.hpp"
#include "tests/support/fake_payment_store.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <future>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;
using kind = payment_write::kind;

namespace {

class real_payments {
public:
  real_payments() { db.session().exec("insert into incarnations (incarnation) values (7), (8)"); }
  std::unique_ptr<payment_store> open(int64_t incarnation = 7) const {
    auto store = make_payment_store(db.conninfo(), incarnation);
    store->connect();
    return store;
  }
  void fence(int64_t incarnation) {
    db.session().exec("update incarnations set fenced = true where incarnation = $1::bigint",
                      {incarnation});
  }
  void break_session(payment_store&) { db.terminate_others(); }
  /// Makes every lease and delay run out.
  void pass_time() {
    db.session().exec("update payment_attempts set next_try_at = next_try_at - interval '1 hour'"
                      " where refund = 'PENDING'");
  }
  std::string payment(const std::string& order_id) {
    return db.value("select status || ' ' || amount || ' ' || coalesce(transaction_id, '-')"
                    " from payments where order_id = $1",
                    {order_id});
  }
  int64_t journal_rows() { return db.number("select count(*) from payment_journal"); }

  pg_database& db = emptied(database::payments);
};

class fake_payments_bench {
public:
  std::unique_ptr<payment_store> open(int64_t incarnation = 7) const {
    auto store = std::make_unique<fake_payment_store>(db, incarnation);
    store->connect();
    return store;
  }
  void fence(int64_t incarnation) { db->fenced.insert(incarnation); }
  void break_session(payment_store& store) {
    dynamic_cast<fake_payment_store&>(store).session.drop();
  }
  void pass_time() { db->journal->now += 1h; }
  std::string payment(const std::string& order_id) {
    const auto& file = db->orders.at(order_id);
    std::string transaction = "-";
    for (const auto& [number, a] : file.attempts)
      if (a.status == attempt_status::captured)
        transaction = a.transaction_id;
    return std::string(to_string(payment_sum(file))) + ' '
           + std::to_string(file.attempts.rbegin()->second.amount) + ' ' + transaction;
  }
  int64_t journal_rows() { return static_cast<int64_t>(db->journal->rows.size()); }

  std::shared_ptr<fake_payments> db = std::make_shared<fake_payments>();
};

payment_write step(kind what, const std::string& order_id, int32_t attempt = 1,
                   cents amount = 2500) {
  payment_write w;
  w.what = what;
  w.attempt.order_id = order_id;
  w.attempt.attempt = attempt;
  w.attempt.amount = amount;
  return w;
}
payment_write captured(const std::string& order_id, int32_t attempt = 1) {
  auto w = step(kind::outcome, order_id, attempt);
  w.attempt.status = attempt_status::captured;
  w.attempt.transaction_id = "tx-" + order_id;
  return w;
}
payment_write declined(const std::string& order_id, int32_t attempt = 1) {
  auto w = step(kind::outcome, order_id, attempt);
  w.attempt.status = attempt_status::declined;
  w.attempt.reason = "no funds";
  return w;
}
payment_write refunded(const std::string& order_id, refund_status how = refund_status::refunded) {
  auto w = step(kind::refund_end, order_id);
  w.attempt.refund = how;
  return w;
}

payment_result one(payment_store& store, const payment_write& w) {
  return store.write(std::vector{w}).at(0);
}

std::vector<std::string> ids_of(std::initializer_list<const char*> ids) {
  return {ids.begin(), ids.end()};
}

std::string bytes_of(const outgoing_event& e) {
  return event_id(e) + "|" + std::to_string(e.sequence) + "|" + to_iso8601(e.time) + "|"
         + e.what.topic + "|" + e.what.key + "|" + e.what.value + "|" + e.what.traceparent;
}

} // namespace

TYPE_TO_STRING(real_payments);
TYPE_TO_STRING(fake_payments_bench);

TEST_CASE_TEMPLATE("an attempt begins once and ends once", Bench, real_payments,
                   fake_payments_bench) {
  Bench bench;
  auto store = bench.open();
  auto got = one(*store, step(kind::begin, "o"));
  CHECK(got.written);
  CHECK(got.now.status == attempt_status::pending);
  CHECK(got.now.step == 1);
  CHECK(bench.payment("o") == "PENDING 2500 -");
  got = one(*store, step(kind::begin, "o"));
  CHECK_FALSE(got.written);
  CHECK(got.now.amount == 2500);

  got = one(*store, captured("o"));
  CHECK(got.written);
  CHECK(got.now.transaction_id == "tx-o");
  CHECK(bench.payment("o") == "SUCCESS 2500 tx-o");
  got = one(*store, declined("o")); // a late answer of another worker
  CHECK_FALSE(got.written);
  CHECK(got.now.status == attempt_status::captured);
  CHECK(got.now.reason.empty());
  CHECK_FALSE(one(*store, step(kind::begin, "o")).written);
  CHECK(bench.journal_rows() == 2);
}

TEST_CASE_TEMPLATE("declined, then paid with a second attempt", Bench, real_payments,
                   fake_payments_bench) {
  Bench bench;
  auto store = bench.open();
  one(*store, step(kind::begin, "o"));
  const auto got = one(*store, declined("o"));
  CHECK(got.now.reason == "no funds");
  CHECK(bench.payment("o") == "FAILED 2500 -");
  CHECK(one(*store, step(kind::begin, "o", 2)).written);
  CHECK(bench.payment("o") == "PENDING 2500 -");
  CHECK(one(*store, captured("o", 2)).now.step == 4);
  CHECK(bench.payment("o") == "SUCCESS 2500 tx-o");
  const auto all = store->attempts(ids_of({"o", "nobody"}));
  REQUIRE(all.size() == 2);
  CHECK(all[0].status == attempt_status::declined);
  CHECK(all[1].status == attempt_status::captured);
  CHECK(all[1].step == 4);
}

TEST_CASE_TEMPLATE("a step of what does not exist writes nothing", Bench, real_payments,
                   fake_payments_bench) {
  Bench bench;
  auto store = bench.open();
  for (const auto& w : {captured("o"), step(kind::refund_begin, "o"), refunded("o")}) {
    const auto got = one(*store, w);
    CHECK_FALSE(got.written);
    CHECK(got.now.attempt == 0);
  }
  one(*store, step(kind::begin, "o"));
  CHECK_FALSE(one(*store, step(kind::refund_begin, "o")).written); // nothing was captured
  CHECK_FALSE(one(*store, refunded("o")).written);
  CHECK(bench.journal_rows() == 1);
}

TEST_CASE_TEMPLATE("a refund: begun, leased, tried again, ended with its event", Bench,
                   real_payments, fake_payments_bench) {
  Bench bench;
  auto store = bench.open();
  store->write(std::vector{step(kind::begin, "o"), captured("o"), step(kind::begin, "other")});
  CHECK(store->due_refunds(10, 60s).empty());

  auto begin = step(kind::refund_begin, "o");
  begin.traceparent = "00-trace";
  CHECK(one(*store, begin).written);
  CHECK_FALSE(one(*store, begin).written);
  CHECK(bench.payment("o") == "REFUND_PENDING 2500 tx-o");
  const auto due = store->due_refunds(10, 60s);
  REQUIRE(due.size() == 1);
  CHECK(due[0].order_id == "o");
  CHECK(due[0].transaction_id == "tx-o");
  CHECK(store->due_refunds(10, 60s).empty()); // leased
  bench.pass_time();
  CHECK(store->due_refunds(10, 60s).size() == 1);

  auto retry = step(kind::refund_retry, "o");
  retry.delay = 30min;
  CHECK(one(*store, retry).written);
  CHECK(store->due_refunds(10, 60s).empty());
  bench.pass_time();
  CHECK(store->due_refunds(10, 60s).size() == 1);

  const auto end = one(*store, refunded("o"));
  CHECK(end.written);
  REQUIRE(end.events.size() == 1);
  CHECK(end.events[0].what.topic == "payment-refunded");
  CHECK(end.events[0].what.value == R"({"amount":25.0,"orderId":"o"})");
  CHECK(end.events[0].what.traceparent == "00-trace");
  CHECK(end.events[0].from == service::payment);
  CHECK(end.events[0].time != timestamp{});
  CHECK(bench.payment("o") == "REFUNDED 2500 tx-o");
  CHECK_FALSE(one(*store, refunded("o")).written);
  CHECK_FALSE(one(*store, retry).written);
  bench.pass_time();
  CHECK(store->due_refunds(10, 60s).empty());

  const auto again = store->refund_events(ids_of({"o", "other"}));
  REQUIRE(again.size() == 1);
  CHECK(bytes_of(again[0]) == bytes_of(end.events[0]));
}

TEST_CASE_TEMPLATE("a refused refund stays visible", Bench, real_payments, fake_payments_bench) {
  Bench bench;
  auto store = bench.open();
  store->write(std::vector{step(kind::begin, "o"), captured("o"), step(kind::refund_begin, "o")});
  const auto got = one(*store, refunded("o", refund_status::refused));
  CHECK(got.written);
  CHECK(got.events.empty());
  CHECK(bench.payment("o") == "REFUND_PENDING 2500 tx-o");
  bench.pass_time();
  CHECK(store->due_refunds(10, 60s).empty());
}

TEST_CASE_TEMPLATE("steps of one order in one batch follow each other", Bench, real_payments,
                   fake_payments_bench) {
  Bench bench;
  auto store = bench.open();
  const auto got = store->write(std::vector{step(kind::begin, "o"), captured("o"),
                                            step(kind::refund_begin, "o"), refunded("o"),
                                            step(kind::begin, "p"), declined("p"), captured("p")});
  for (size_t i = 0; i < 6; ++i) {
    CAPTURE(i);
    CHECK(got[i].written);
  }
  CHECK_FALSE(got[6].written);
  CHECK(got[3].now.step == 4);
  CHECK(got[3].events.at(0).sequence == 4);
  CHECK(bench.payment("o") == "REFUNDED 2500 tx-o");
  CHECK(bench.payment("p") == "FAILED 2500 -");
}

TEST_CASE_TEMPLATE("attempts of a fenced incarnation are abandoned", Bench, real_payments,
                   fake_payments_bench) {
  Bench bench;
  auto old = bench.open(7);
  auto present = bench.open(8);
  old->write(std::vector{step(kind::begin, "o1"), step(kind::begin, "o2"), captured("o2")});
  one(*present, step(kind::begin, "o3"));
  CHECK(present->abandoned(10).empty());
  bench.fence(7);
  const auto left = present->abandoned(10);
  REQUIRE(left.size() == 1);
  CHECK(left[0].order_id == "o1");
  CHECK(present->abandoned(10, "o1:").size() == 1);
  CHECK(present->abandoned(10, "o1:1").empty());
  auto voided = step(kind::outcome, "o1");
  voided.attempt.status = attempt_status::voided;
  CHECK(one(*present, voided).written);
  CHECK(present->abandoned(10).empty());
}

TEST_CASE_TEMPLATE("after a lost session a write may be repeated, and the journal tells the rest",
                   Bench, real_payments, fake_payments_bench) {
  Bench bench;
  auto store = bench.open();
  store->write(std::vector{step(kind::begin, "o"), captured("o"), step(kind::refund_begin, "o")});
  const auto end = one(*store, refunded("o"));
  const auto old_stream = store->log().stream();
  bench.break_session(*store);
  try {
    one(*store, refunded("o"));
    FAIL("a broken session must not answer");
  } catch (const store_error& e) {
    CHECK(e.kind == store_failure::lost);
  }
  store->connect();
  CHECK_FALSE(one(*store, refunded("o")).written);
  REQUIRE(store->log().orphans() == std::vector{old_stream});
  REQUIRE(store->log().take(old_stream));
  const auto page = store->log().read(old_stream, 0, 100);
  REQUIRE(page.events.size() == 1);
  CHECK(bytes_of(page.events[0]) == bytes_of(end.events[0]));
}

TEST_CASE("a step that cannot be written fails alone") {
  real_payments bench;
  auto store = bench.open();
  auto bad = captured("o2");
  bad.attempt.transaction_id = std::string("a\0b", 3);
  const auto got
      = store->write(std::vector{step(kind::begin, "o1"), step(kind::begin, "o2"), bad,
                                 step(kind::begin, "o3", 1, -5), step(kind::begin, "o4")});
  CHECK(got[0].written);
  CHECK(got[1].written);
  CHECK_FALSE(got[2].error.empty());
  CHECK_FALSE(got[3].error.empty());
  CHECK(got[4].written);
  CHECK(bench.payment("o3").empty());
}

TEST_CASE("two workers end one attempt: one of them does") {
  real_payments bench;
  auto first = bench.open(), second = bench.open();
  std::vector<payment_write> begins, good, bad;
  for (int i = 0; i < 50; ++i) {
    const auto id = "o" + std::to_string(i);
    begins.push_back(step(kind::begin, id));
    good.push_back(captured(id));
    bad.insert(bad.begin(), declined(id)); // in the other order: locks are taken by id all the same
  }
  first->write(begins);
  auto other = std::async(std::launch::async, [&] { return second->write(bad); });
  const auto a = first->write(good);
  const auto b = other.get();
  const auto count = [](const auto& all) {
    return std::count_if(all.begin(), all.end(), [](const auto& r) { return r.written; });
  };
  CHECK(count(a) + count(b) == 50);
  CHECK(bench.journal_rows() == 100);
}

TEST_CASE("an attempt that is being ended elsewhere is waited for") {
  real_payments bench;
  auto store = bench.open();
  one(*store, step(kind::begin, "o"));
  auto& rival = bench.db.session();
  rival.exec("begin");
  rival.exec("update payments set status = 'SUCCESS', step = 2");
  rival.exec("update payment_attempts set status = 'CAPTURED', transaction_id = 'tx-rival'");
  rival.exec("insert into payment_journal (position, order_id, attempt, step, kind)"
             " values (1, 'o', 1, 2, 'CAPTURED')");
  auto slow = std::async(std::launch::async, [&] { return one(*store, declined("o")); });
  await_blocked(bench.db);
  rival.exec("commit");
  const auto got = slow.get();
  CHECK(got.error.empty());
  CHECK_FALSE(got.written);
  CHECK(got.now.status == attempt_status::captured);
  CHECK(got.now.transaction_id == "tx-rival");
  CHECK(got.now.step == 2);
}
