// What only the real orders store can show: locks, terminated sessions, late commits, bad bytes.

#include "tests/persistence/order_worlds.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::test;

namespace {

std::optional<store_failure> failure_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const store_error& e) {
    return e.kind;
  }
  return std::nullopt;
}

} // namespace

TEST_CASE("a store whose session was ended reconnects, settles and goes on") {
  real_world w;
  auto store = w.store();
  CHECK(failure_of([&] { store->log().watermark(1); }) == store_failure::lost);
  store->connect();
  const auto set = creation(draft("a"));
  w.db.terminate_others();
  CHECK(failure_of([&] { commit_one(*store, set); }) == store_failure::lost);
  store->connect();
  CHECK(store->settle({&set, 1}).front().outcome == commit_outcome::failed);
  CHECK(commit_one(*store, set).outcome == commit_outcome::committed);
}

TEST_CASE("what a slow network still holds can no longer be committed once it was settled") {
  pg_database db(database::orders);
  tcp_proxy proxy(db.value("select host(inet_server_addr())"),
                  static_cast<uint16_t>(db.number("select inet_server_port()")));
  auto store
      = make_order_store(db.conninfo() + " host=127.0.0.1 port=" + std::to_string(proxy.port()),
                         begin_incarnation(db.conninfo(), {"n", "here"}));
  store->connect();
  const auto set = creation(draft("a"));
  proxy.next(tcp_proxy::fault::hold_request);
  CHECK(failure_of([&] { commit_one(*store, set); }) == store_failure::lost);
  store->connect();
  CHECK(store->settle({&set, 1}).front().outcome == commit_outcome::failed);
  CHECK_FALSE(proxy.release_held());
  CHECK(db.number("select count(*) from orders") == 0);
}

TEST_CASE("that test holds something: without settling, the late request is committed") {
  pg_database db(database::orders);
  tcp_proxy proxy(db.value("select host(inet_server_addr())"),
                  static_cast<uint16_t>(db.number("select inet_server_port()")));
  auto store
      = make_order_store(db.conninfo() + " host=127.0.0.1 port=" + std::to_string(proxy.port()),
                         begin_incarnation(db.conninfo(), {"n", "here"}));
  store->connect();
  const auto set = creation(draft("a"));
  proxy.next(tcp_proxy::fault::hold_request);
  CHECK(failure_of([&] { commit_one(*store, set); }) == store_failure::lost);
  CHECK(proxy.release_held());
  CHECK(db.number("select count(*) from orders") == 1);
}

TEST_CASE("texts that cannot be stored fail alone") {
  real_world w;
  auto store = w.store();
  store->connect();
  std::vector<write_set> sets;
  sets.reserve(20);
  for (int i = 0; i < 20; ++i)
    sets.push_back(creation(draft(std::to_string(i))));
  sets[3].step.message = std::string("nul\0", 4);
  sets[7].current.lines[0].name = "\xff\xfe";
  sets[11].current.shipping_address = "{not json";
  sets[12].current.total = -1;
  sets[19].key = idempotency{std::string("k\0", 2), "h"};
  const auto results = store->commit(sets);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    CAPTURE(i);
    const bool bad = i == 3 || i == 7 || i == 11 || i == 12 || i == 19;
    CHECK(results[i].outcome == (bad ? commit_outcome::failed : commit_outcome::committed));
  }
  CHECK(w.db.number("select count(*) from orders") == 15);
  CHECK(w.db.number("select count(*) from order_status_history") == 15);
}

TEST_CASE("an order that somebody else holds is a conflict, the others of its batch go on") {
  real_world w;
  auto store = w.store();
  store->connect();
  const auto a = committed(*store, creation(draft("a")));
  const auto b = committed(*store, creation(draft("b")));
  pg::transaction held(w.db.session());
  w.db.session().exec("select 1 from orders where id = 'ordera' for update");
  const std::vector<write_set> sets
      = {step_of(a, order_status::cancelled, payment_status::pending),
         step_of(b, order_status::cancelled, payment_status::pending)};
  const auto results = store->commit(sets);
  CHECK(results[0].outcome == commit_outcome::conflict);
  CHECK(results[1].outcome == commit_outcome::committed);
}

TEST_CASE("two journals at the same orders in opposite order do not block each other for ever") {
  real_world w;
  auto one = w.store(), two = w.store();
  one->connect();
  two->connect();
  std::vector<write_set> forth, back;
  for (int i = 0; i < 50; ++i) {
    const auto o = committed(*one, creation(draft(std::to_string(100 + i))));
    forth.push_back(step_of(o, order_status::cancelled, payment_status::pending));
  }
  back = {forth.rbegin(), forth.rend()};
  std::vector<commit_result> first, second;
  std::thread other([&] { second = two->commit(back); });
  first = one->commit(forth);
  other.join();
  for (std::size_t i = 0; i < forth.size(); ++i)
    CHECK((first[i].outcome == commit_outcome::committed)
          != (second[forth.size() - 1 - i].outcome == commit_outcome::committed));
  CHECK(w.db.number("select count(*) from orders where version = 2") == 50);
  CHECK(w.db.number("select count(*) from order_status_history where version = 2") == 50);
}

TEST_CASE("a stopped server is to be waited for") {
  CHECK(failure_of([] { make_order_store("host=127.0.0.1 port=1 dbname=x", 1)->connect(); })
        == store_failure::wait);
  CHECK(failure_of([] { make_order_queries("host=127.0.0.1 port=1 dbname=x")->ping(); })
        == store_failure::wait);
}

TEST_CASE("an incarnation that nobody registered may not write") {
  pg_database db(database::orders);
  CHECK(failure_of([&] { make_order_store(db.conninfo(), 77)->connect(); })
        == store_failure::fenced);
}

TEST_CASE("a full disk or the like writes nothing and can be tried again") {
  real_world w;
  auto store = w.store();
  store->connect();
  w.db.session().script("create function full_disk() returns trigger language plpgsql as"
                        " $$ begin raise exception 'full' using errcode = '53100'; end $$;"
                        "create trigger t before insert on order_items"
                        " for each row execute function full_disk()");
  const auto set = creation(draft("a"));
  CHECK(failure_of([&] { commit_one(*store, set); }) == store_failure::wait);
  CHECK(store->connected());
  CHECK(w.db.number("select count(*) from orders") == 0);
  w.db.session().script("drop trigger t on order_items");
  CHECK(commit_one(*store, set).outcome == commit_outcome::committed);
}

TEST_CASE("when only a part could be written, the whole is settled instead") {
  real_world w;
  auto store = w.store();
  store->connect();
  w.db.session().script(
      "create function full_disk() returns trigger language plpgsql as"
      " $$ begin if new.id like '%full' then"
      " raise exception 'full' using errcode = '53100'; end if; return new; end $$;"
      "create trigger t before insert on orders"
      " for each row execute function full_disk()");
  std::vector<write_set> sets = {creation(draft("bad")), creation(draft("good")),
                                 creation(draft("also")), creation(draft("full"))};
  std::vector<commit_result> results;
  // A NUL is found before anything is sent, so that the halves are split before one meets the disk.
  sets[0].step.message = std::string("nul\0", 4);
  CHECK(failure_of([&] { results = store->commit(sets); }) == store_failure::lost);
  CHECK_FALSE(store->connected());
  store->connect();
  results = store->settle(sets);
  CHECK(results[0].outcome == commit_outcome::failed);
  CHECK(results[1].outcome == commit_outcome::committed);
  CHECK(results[2].outcome == commit_outcome::failed);
  CHECK(results[3].outcome == commit_outcome::failed);
  CHECK(w.db.number("select count(*) from orders") == 1);
}
