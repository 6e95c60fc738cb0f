// Incarnations, their fences and their shards.

#include "tests/persistence/order_worlds.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace troupe;
using namespace troupe::test;

namespace {

/// Claims all that is free; how many shards it owns then.
int64_t claim(pg_database& db, int64_t incarnation) {
  std::vector<int32_t> all(shard_count);
  std::iota(all.begin(), all.end(), 0);
  make_membership(db.conninfo(), incarnation)->claim(all);
  return db.number("select count(*) from shards where owner = " + std::to_string(incarnation));
}

} // namespace

TEST_CASE("a successor of the same name fences its predecessor, whose session is still open") {
  pg_database db(database::orders);
  const auto first = begin_incarnation(db.conninfo(), {"node-1", "127.0.0.1:3000"});
  const auto stranger = begin_incarnation(db.conninfo(), {"node-2", "127.0.0.1:4000"});
  auto old = make_order_store(db.conninfo(), first);
  auto other = make_order_store(db.conninfo(), stranger);
  old->connect();
  other->connect();
  CHECK(claim(db, first) == 64);
  CHECK(claim(db, stranger) == 0);

  const auto second = begin_incarnation(db.conninfo(), {"node-1", "127.0.0.1:3000"});
  CHECK(second > first);
  CHECK(fenced_incarnations(db.conninfo()) == std::vector{first});
  CHECK(db.value("select endpoint from incarnations where incarnation = $1::bigint", {second})
        == "127.0.0.1:3000");
  CHECK(db.number("select count(*) from incarnations where lease_until > clock_timestamp()") > 0);

  const auto set = creation(draft("a"));
  CHECK_THROWS_AS(commit_one(*old, set), store_error);
  CHECK(commit_one(*other, set).outcome == commit_outcome::committed);
  CHECK_THROWS_AS(old->connect(), store_error);
  CHECK(claim(db, second) == 64);
  CHECK(db.number("select min(epoch) from shards") == 2);
}

TEST_CASE("an end gives everything back") {
  pg_database db(database::orders);
  const auto first = begin_incarnation(db.conninfo(), {"node-1", "here"});
  CHECK(claim(db, first) == 64);
  CHECK(claim(db, first) == 64);
  CHECK(db.number("select max(epoch) from shards") == 1);
  end_incarnation(db.conninfo(), first);
  CHECK(fenced_incarnations(db.conninfo()) == std::vector{first});
  const auto second = begin_incarnation(db.conninfo(), {"node-2", "there"});
  CHECK(claim(db, second) == 64);
}

TEST_CASE("a fence in orders reaches the other databases") {
  pg_database db(database::payments);
  const std::vector<int64_t> nobody, first{1};
  join_database(db.conninfo(), 1, nobody);
  join_database(db.conninfo(), 1, nobody);
  pg::connection old(db.conninfo());
  const auto stream = old.exec("insert into streams (incarnation) values (1)"
                               " returning stream, pg_advisory_lock(stream)")
                          .integer(0, 0);
  join_database(db.conninfo(), 2, first);
  CHECK_THROWS_AS(old.exec("select 1"), store_error);
  CHECK(db.value("select pg_try_advisory_lock($1::bigint)", {stream}) == "t");
  CHECK(db.value("select fenced from incarnations where incarnation = 1") == "t");
  CHECK(db.value("select fenced from incarnations where incarnation = 2") == "f");

  // A process that was fenced before it came here stays fenced.
  join_database(db.conninfo(), 4, std::vector<int64_t>{1, 3});
  join_database(db.conninfo(), 3, nobody);
  CHECK(db.value("select fenced from incarnations where incarnation = 3") == "t");
}
