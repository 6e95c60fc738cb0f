// A batch of which a part was committed before the database could not go on: what that part has to
// tell is told by the next call.

#include "persistence/inventory_store.hpp"
#include "persistence/payment_store.hpp"
#include "tests/support/pg_fixture.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A database that calls what is written of the order "bad" bad data, which splits the batch, and
/// cannot serve "late" for now.
class fussy_database : public pg_database {
public:
  fussy_database(database which, const std::string& journal) : pg_database(which) {
    session().script(
        "insert into incarnations (incarnation) values (7);"
        "create function fuss() returns trigger language plpgsql as $$ begin"
        "  if new.order_id = 'bad' then raise exception using errcode = '22000'; end if;"
        "  if new.order_id = 'late' then raise exception using errcode = '58000'; end if;"
        "  return new; end $$;"
        "create trigger fuss before insert on "
        + journal + " for each row execute function fuss()");
    journal_ = journal;
  }
  void calm() { session().script("drop trigger fuss on " + journal_); }

private:
  std::string journal_;
};

/// Runs `write`, which must fail with `wait`.
template <class F>
void must_wait(F write) {
  try {
    write();
    FAIL("the database was to be away");
  } catch (const store_error& e) {
    CHECK(e.kind == store_failure::wait);
  }
}

stock_input placed(const std::string& order_id) {
  return {stock_verb::order_created, order_id, {{"p1", 1}}, {}};
}

payment_write payment_step(payment_write::kind what, const std::string& order_id) {
  payment_write w;
  w.what = what;
  w.attempt.order_id = order_id;
  w.attempt.attempt = 1;
  w.attempt.amount = 100;
  return w;
}

} // namespace

TEST_CASE("inventory: events of a part that was committed are told by the next call") {
  fussy_database db(database::inventory, "stock_ledger");
  db.session().script("insert into products (id, name, price, stock, initial)"
                      " values ('p1', 'Lamp', 100, 0, 0)");
  const auto store = make_inventory_store(db.conninfo(), 7, 0);
  store->connect();
  const std::vector inputs = {placed("first"), placed("bad"), placed("late")};
  must_wait([&] { store->apply(inputs); });
  CHECK(db.number("select count(*) from stock_ledger where order_id = 'first'") == 1);
  db.calm();
  const auto next = store->apply(std::vector{placed("late")});
  REQUIRE(next.size() == 1);
  REQUIRE(next[0].events.size() == 2);
  CHECK(next[0].events[0].event.what.key == "first");
  CHECK(next[0].events[1].event.what.key == "late");
  CHECK(store->apply(std::vector{placed("new")}).at(0).events.size() == 1); // told once
}

TEST_CASE("payments: events of a part that was committed are told by the next call") {
  using kind = payment_write::kind;
  fussy_database db(database::payments, "payment_journal");
  const auto store = make_payment_store(db.conninfo(), 7);
  store->connect();
  auto captured = payment_step(kind::outcome, "first");
  captured.attempt.status = attempt_status::captured;
  captured.attempt.transaction_id = "tx";
  store->write(std::vector{payment_step(kind::begin, "first"), captured,
                           payment_step(kind::refund_begin, "first")});
  auto refunded = payment_step(kind::refund_end, "first");
  refunded.attempt.refund = refund_status::refunded;
  const std::vector steps
      = {refunded, payment_step(kind::begin, "bad"), payment_step(kind::begin, "late")};
  must_wait([&] { store->write(steps); });
  CHECK(db.number("select count(*) from payment_journal where kind = 'REFUNDED'") == 1);
  db.calm();
  const auto next = store->write(std::vector{payment_step(kind::begin, "late")});
  REQUIRE(next.size() == 1);
  REQUIRE(next[0].events.size() == 1);
  CHECK(next[0].events[0].what.key == "first");
  CHECK(store->write(std::vector{payment_step(kind::begin, "new")}).at(0).events.empty());
}
