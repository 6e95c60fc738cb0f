// What the admin's view of dead letters and parked events promises, on PostgreSQL and on its fake
// alike.

#include "tests/persistence/shared_database.hpp"
#include "tests/support/fake_letters.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr auto dead = letter_state::dead;
constexpr auto parked = letter_state::parked;
constexpr auto own = service::inventory;

incoming_event record(int64_t offset) {
  return {.topic = "payment-success",
          .partition = 3,
          .offset = offset,
          .key = "order1",
          .value = std::string("{\"a\":\"\xff\0\"}", 10),
          .tombstone = false,
          .id = "order-" + std::to_string(offset) + ".0",
          .source = "/troupe/order",
          .traceparent = "00-1-2-01"};
}

dead_letter poison(int64_t offset) {
  return {"troupe-inventory", record(offset), "order1", "cannot read"};
}

struct real_letters {
  pg_database& db = emptied(database::inventory);
  std::unique_ptr<inbox> box = make_inbox(db.conninfo());
  std::unique_ptr<letters> store = make_letters(db.conninfo(), own, "troupe-inventory");
};

struct faked_letters {
  std::shared_ptr<fake_inbox_rows> rows = std::make_shared<fake_inbox_rows>();
  std::unique_ptr<inbox> box = std::make_unique<fake_inbox>(rows);
  std::unique_ptr<letters> store = std::make_unique<fake_letters>(own, rows);
};

/// Offsets of all rows from `after` on, a page of `limit` at a time.
std::vector<int64_t> walk(letters& store, letter_state state, int limit,
                          std::optional<letter_place> after = std::nullopt) {
  std::vector<int64_t> offsets;
  for (bool more = true; more;) {
    const auto page = store.list(state, limit, after);
    REQUIRE(page.rows.size() <= static_cast<size_t>(limit));
    for (const auto& l : page.rows)
      offsets.push_back(l.what.offset);
    more = page.more;
    REQUIRE((!more || !page.rows.empty()));
    if (more)
      after = {page.rows.back().created_at, page.rows.back().id};
  }
  return offsets;
}

std::vector<letter_id> ids_of(letters& store, letter_state state) {
  std::vector<letter_id> ids;
  for (const auto& l : store.list(state, 100, std::nullopt).rows)
    ids.push_back(l.id);
  return ids;
}

/// Says that a replay was applied, for ann.
template <class W>
void mark(W& w, const letter_id& id) {
  CHECK_FALSE(w.store->settle(id, {true, {}}, "ann", std::nullopt));
}

void check_use(const std::optional<earlier_replay>& use, const std::string& body_hash,
               const std::string& error) {
  REQUIRE(use);
  CHECK(use->body_hash == body_hash);
  CHECK(use->outcome.applied == error.empty());
  CHECK(use->outcome.error == error);
}

using offsets = std::vector<int64_t>;

} // namespace

TEST_CASE_TEMPLATE("letters are listed newest first, page by page", W, real_letters,
                   faked_letters) {
  W w;
  for (int64_t i = 1; i <= 5; ++i) {
    w.box->bury({poison(i)});
    w.box->park({{0, "order1", record(i)}});
  }
  for (const auto state : {dead, parked}) {
    CHECK(walk(*w.store, state, 100) == offsets{5, 4, 3, 2, 1});
    CHECK(walk(*w.store, state, 2) == offsets{5, 4, 3, 2, 1});
    CHECK(walk(*w.store, state, 5) == offsets{5, 4, 3, 2, 1});
    CHECK(walk(*w.store, state, 1) == offsets{5, 4, 3, 2, 1});
  }
  const auto first = w.store->list(dead, 1, std::nullopt).rows.at(0);
  CHECK(first.id.of == own);
  CHECK(first.consumer == "troupe-inventory");
  CHECK(first.what == record(5));
  CHECK(first.order_id == "order1");
  CHECK(first.error == "cannot read");
  CHECK_FALSE(first.replayed);
  const auto waiting = w.store->list(parked, 1, std::nullopt).rows.at(0);
  CHECK(waiting.consumer == "troupe-inventory");
  CHECK(waiting.what == record(5));
  CHECK(waiting.order_id == "order1");
  CHECK(waiting.error == "waits for its order");
}

TEST_CASE_TEMPLATE("a place of another service that is as old is before or behind, by its name", W,
                   real_letters, faked_letters) {
  W w;
  for (int64_t i = 1; i <= 3; ++i)
    w.box->bury({poison(i)});
  const auto middle = w.store->list(dead, 3, std::nullopt).rows.at(1);
  const auto behind = [&](service of) {
    return walk(*w.store, dead, 2, letter_place{middle.created_at, {of, dead, 7}});
  };
  CHECK(behind(service::order) == offsets{2, 1}); // an order's letter comes first
  CHECK(behind(service::emailing) == offsets{1});
  CHECK(walk(*w.store, dead, 2, letter_place{middle.created_at, middle.id}) == offsets{1});
}

TEST_CASE_TEMPLATE("what is replayed or discarded is listed no more, and stays known", W,
                   real_letters, faked_letters) {
  W w;
  for (int64_t i = 1; i <= 3; ++i)
    w.box->bury({poison(i)});
  const auto ids = ids_of(*w.store, dead);
  REQUIRE(ids.size() == 3);
  mark(w, ids[0]);
  CHECK(w.store->discard(ids[1], "bob"));
  CHECK(walk(*w.store, dead, 9) == offsets{1});
  REQUIRE(w.store->find(ids[0]));
  CHECK(w.store->find(ids[0])->replayed);
  CHECK_FALSE(w.store->find(ids[1]));
  // Settled once: neither the other way nor by the same record again.
  CHECK(w.store->discard(ids[0], "bob"));
  CHECK(w.store->discard(ids[1], "ann"));
  mark(w, ids[1]);
  CHECK(w.box->bury({poison(3), poison(2)}) == 0);
  const auto counts = w.box->count_dead();
  CHECK(counts.open == 1);
  CHECK(counts.replayed == 1);
  CHECK(counts.discarded == 1);
  CHECK_FALSE(w.store->find({own, dead, 999'999}));
  CHECK_FALSE(w.store->discard({own, dead, 999'999}, "ann"));
}

TEST_CASE_TEMPLATE("a parked event goes when it is applied, and leaves a trace when discarded", W,
                   real_letters, faked_letters) {
  W w;
  w.box->park({{0, "order1", record(1)}, {0, "order2", record(2)}});
  const auto ids = ids_of(*w.store, parked);
  REQUIRE(ids.size() == 2);
  mark(w, ids[1]);
  CHECK(walk(*w.store, parked, 9) == offsets{2});
  CHECK(w.store->discard(ids[0], "ann"));
  CHECK(ids_of(*w.store, parked).empty());
  CHECK(ids_of(*w.store, dead).empty());
  CHECK(w.box->count_dead().discarded == 1);
  CHECK_FALSE(w.store->find(ids[0]));
  CHECK_FALSE(w.store->discard(ids[0], "ann"));
  auto known = poison(2);
  CHECK(w.box->bury({known}) == 0); // the record that comes again is known
}

TEST_CASE_TEMPLATE("a key stands for the first outcome that came with it", W, real_letters,
                   faked_letters) {
  W w;
  w.box->bury({poison(1)});
  w.box->park({{0, "order1", record(2)}});
  const auto id = ids_of(*w.store, dead).at(0), waiting = ids_of(*w.store, parked).at(0);
  const idempotency tried{"a", "h1"}, done{"b", "h2"}, unparked{"c", "h3"};
  const std::string error = "wrong: \xff \xc3\xa4"; // may quote any bytes of a record
  CHECK_FALSE(w.store->earlier(tried));
  CHECK_FALSE(w.store->settle(id, {false, error}, "ann", tried));
  check_use(w.store->earlier(tried), "h1", error);
  CHECK(walk(*w.store, dead, 9) == offsets{1});
  CHECK_FALSE(w.store->settle(id, {true, {}}, "ann", done));
  CHECK_FALSE(w.store->settle(waiting, {true, {}}, "ann", unparked));
  CHECK(w.store->find(id)->replayed);
  CHECK_FALSE(w.store->find(waiting));
  check_use(w.store->earlier(done), "h2", {});
  check_use(w.store->earlier(unparked), "h3", {});
  check_use(w.store->earlier({"a", "another body"}), "h1", error);
  check_use(w.store->settle(id, {true, {}}, "bob", tried), "h1", error);
  check_use(w.store->earlier(tried), "h1", error);
}

TEST_CASE_TEMPLATE("a letter is marked although its key was used by somebody faster", W,
                   real_letters, faked_letters) {
  W w;
  w.box->bury({poison(1)});
  const auto id = ids_of(*w.store, dead).at(0);
  CHECK_FALSE(w.store->settle(id, {false, "no"}, "ann", idempotency{"a", "h1"}));
  check_use(w.store->settle(id, {true, {}}, "ann", idempotency{"a", "h2"}), "h1", "no");
  CHECK(w.store->find(id)->replayed);
}

TEST_CASE("every service's database has a place for keys, which are free again when they are old") {
  for (const auto& [of, which] : {std::pair(service::order, database::orders),
                                  {service::payment, database::payments},
                                  {service::inventory, database::inventory},
                                  {service::emailing, database::emailing}}) {
    auto& db = emptied(which);
    const auto store = make_letters(db.conninfo(), of, "c", std::chrono::hours(24));
    const letter_id id{of, dead, 1};
    const idempotency key{"a", "h1"}, other{"a", "h2"};
    const auto grow_older = [&](const char* by) {
      db.session().exec("update idempotency_keys set created_at = created_at - $1::interval", {by});
    };
    CHECK_FALSE(store->settle(id, {false, "first"}, "ann", key));
    grow_older("23 hours 59 minutes");
    check_use(store->earlier(key), "h1", "first");
    check_use(store->settle(id, {false, "second"}, "ann", other), "h1", "first");
    grow_older("2 minutes");
    CHECK_FALSE(store->earlier(key));
    CHECK_FALSE(store->settle(id, {true, {}}, "ann", other));
    check_use(store->earlier(key), "h2", {});
  }
}

TEST_CASE("a mark and its key are written together or not at all") {
  real_letters w;
  w.box->bury({poison(1)});
  const auto id = ids_of(*w.store, dead).at(0);
  w.db.session().script("create function refuse() returns trigger language plpgsql as"
                        " 'begin raise exception ''no keys today''; end';"
                        "create trigger refused before insert on idempotency_keys"
                        " execute function refuse()");
  CHECK_THROWS_AS(w.store->settle(id, {true, {}}, "ann", idempotency{"a", "h"}), store_error);
  w.db.session().script("drop function refuse cascade");
  CHECK_FALSE(w.store->find(id)->replayed);
  CHECK_FALSE(w.store->settle(id, {true, {}}, "ann", idempotency{"a", "h"}));
}

TEST_CASE("who has settled a letter, and when, is kept") {
  real_letters w;
  w.box->bury({poison(1), poison(2)});
  w.box->park({{0, "order3", record(3)}});
  const auto ids = ids_of(*w.store, dead);
  mark(w, ids[0]);
  w.store->discard(ids[1], "bob");
  w.store->discard(ids_of(*w.store, parked).at(0), "eve");
  CHECK(w.db.value("select string_agg(settled_by || ' ' || (replayed_at is not null) || ' '"
                   " || (discarded_at is not null) || ' ' || coalesce(order_id, ''), ', '"
                   " order by record_offset) from dead_letters")
        == "bob false true order1, ann true false order1, eve false true order3");
  CHECK(w.db.value("select encode(value, 'hex') from dead_letters where record_offset = 3")
        == "7b2261223a22ff00227d");
}

TEST_CASE_TEMPLATE("a page ends early when its values are large, and never stands still", W,
                   real_letters, faked_letters) {
  W w;
  for (int64_t i = 1; i <= 7; ++i) {
    auto large = poison(i);
    large.what.value.assign(max_letter_page_bytes / 3, static_cast<char>('a' + i));
    w.box->bury({large});
  }
  const auto page = w.store->list(dead, 100, std::nullopt);
  CHECK(page.rows.size() == 4);
  CHECK(page.more);
  CHECK(walk(*w.store, dead, 100) == offsets{7, 6, 5, 4, 3, 2, 1});
}
