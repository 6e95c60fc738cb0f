#include "persistence/gateway_ledger.hpp"

#include "tests/support/pg_fixture.hpp"

#include <doctest/doctest.h>

#include <barrier>
#include <set>
#include <thread>

using namespace troupe;
using namespace troupe::test;

namespace {

ledger_entry charge_line(const std::string& key, const std::string& transaction = "t1") {
  ledger_entry line;
  line.key = key;
  line.kind = "charge";
  line.status = "captured";
  line.order_id = "o1";
  line.amount = 1999;
  line.currency = "USD";
  line.card_last4 = "4242";
  line.transaction_id = transaction;
  return line;
}

// Runs `f(i, ledger)` on so many threads at once, each with a ledger of its own.
template <class F>
void at_once(int threads, const std::string& conninfo, F f) {
  std::barrier start(threads);
  std::vector<std::jthread> all;
  all.reserve(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i)
    all.emplace_back([&, i] {
      auto books = make_gateway_ledger(conninfo);
      books->ping();
      start.arrive_and_wait();
      f(i, *books);
    });
}

} // namespace

TEST_CASE("a key is one line for ever, and says how often it was presented") {
  pg_database db(database::gateway);
  auto books = make_gateway_ledger(db.conninfo());
  bool fresh = false;
  auto first = books->record(charge_line("o1:1"), fresh);
  CHECK(fresh);
  CHECK(first.calls == 1);
  auto second = books->record(charge_line("o1:1", "t2"), fresh);
  CHECK_FALSE(fresh);
  CHECK(second.transaction_id == "t1");
  CHECK(second.calls == 2);
  CHECK(second.card_last4 == "4242");
  CHECK(second.currency == "USD");
  CHECK(books->find("o1:1")->amount == 1999);
  CHECK_FALSE(books->find("o1:2"));
  CHECK(books->of_order("o1").size() == 1);
}

TEST_CASE("40 threads with one key make one line, and one of them made it") {
  pg_database db(database::gateway);
  std::atomic<int> fresh_ones{0};
  std::mutex mutex;
  std::set<std::string> transactions;
  at_once(40, db.conninfo(), [&](int i, gateway_ledger& books) {
    bool fresh = false;
    auto line = books.record(charge_line("o1:1", std::to_string(i)), fresh);
    fresh_ones += fresh;
    std::lock_guard lock(mutex);
    transactions.insert(line.transaction_id);
  });
  CHECK(fresh_ones.load() == 1);
  CHECK(transactions.size() == 1);
  CHECK(db.number("select count(*) from ledger") == 1);
  CHECK(db.number("select calls from ledger") == 40);
}

TEST_CASE("void: a known charge stands, an unknown key is closed for ever") {
  pg_database db(database::gateway);
  auto books = make_gateway_ledger(db.conninfo());
  bool fresh = false;
  books->record(charge_line("o1:1"), fresh);
  CHECK(books->void_charge("o1:1", "r").status == "captured");
  CHECK(books->void_charge("o1:2", "r").status == "voided");
  auto late = books->record(charge_line("o1:2"), fresh);
  CHECK_FALSE(fresh);
  CHECK(late.status == "voided");
  CHECK(late.order_id.empty());
  CHECK(late.calls == 1);
}

TEST_CASE("a void that races its charge: both learn the same outcome") {
  pg_database db(database::gateway);
  for (int round = 0; round < 20; ++round) {
    auto key = std::to_string(round + 1) + ":1";
    std::string seen[2];
    at_once(2, db.conninfo(), [&](int i, gateway_ledger& books) {
      bool fresh = false;
      seen[i] = i == 0 ? books.record(charge_line(key), fresh).status
                       : books.void_charge(key, "r").status;
    });
    CHECK(seen[0] == seen[1]);
  }
}

TEST_CASE("money goes back once a charge, under whatever keys") {
  pg_database db(database::gateway);
  auto books = make_gateway_ledger(db.conninfo());
  bool fresh = false;
  books->record(charge_line("o1:1"), fresh);
  std::atomic<int> refunded{0};
  at_once(8, db.conninfo(), [&](int i, gateway_ledger& own) {
    auto line = own.refund("refund:" + std::to_string(i), "o1:1", 1999, "r1");
    refunded += line.status == "refunded";
  });
  CHECK(refunded.load() == 1);
  CHECK(db.number("select count(*) from ledger where status = 'refunded'") == 1);
  CHECK(db.number("select count(*) from ledger where status = 'refused'") == 7);
  CHECK(books->find("o1:1")->refunded);

  auto given = db.value("select key from ledger where status = 'refunded'");
  auto again = books->refund(given, "o1:1", 1999, "r2");
  CHECK(again.status == "refunded");
  CHECK(again.transaction_id == "r1");
  CHECK(again.order_id == "o1");
  CHECK(again.calls == 2);
}

TEST_CASE("a refund of what was never captured, or of another amount, is refused for ever") {
  pg_database db(database::gateway);
  auto books = make_gateway_ledger(db.conninfo());
  bool fresh = false;
  CHECK(books->refund("refund:o1:1", "o1:1", 1999, "r").status == "refused");
  books->record(charge_line("o1:1"), fresh);
  CHECK(books->refund("refund:o1:1", "o1:1", 1999, "r").status == "refused");
  CHECK(books->refund("refund:other", "o1:1", 5, "r").status == "refused");
  books->void_charge("o1:2", "r");
  CHECK(books->refund("refund:o1:2", "o1:2", 0, "r").status == "refused");
  CHECK_FALSE(books->find("o1:1")->refunded);
}

TEST_CASE("a lost session is replaced") {
  pg_database db(database::gateway);
  auto books = make_gateway_ledger(db.conninfo());
  bool fresh = false;
  books->record(charge_line("o1:1"), fresh);
  CHECK(db.terminate_others() >= 1);
  CHECK(books->record(charge_line("o1:1"), fresh).calls == 2);
  auto away = make_gateway_ledger("host=127.0.0.1 port=1 dbname=none connect_timeout=2");
  CHECK_THROWS_AS(away->ping(), store_error);
}
