// Connections, pipelines, encoding of parameters, classes of errors.

#include "persistence/pg.hpp"

#include "tests/support/pg_fixture.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::test;

namespace {

/// What `f` throws, or nothing.
template <class F>
std::optional<pg::error> thrown(F f) {
  try {
    f();
  } catch (const pg::error& e) {
    return e;
  }
  return std::nullopt;
}

} // namespace

TEST_CASE("an SQLSTATE says what to do next") {
  CHECK(pg::classify("08006") == store_failure::lost);
  CHECK(pg::classify("") == store_failure::lost);
  CHECK(pg::classify("57P01") == store_failure::lost);
  CHECK(pg::classify("57014") == store_failure::wait);
  CHECK(pg::classify("53300") == store_failure::wait);
  CHECK(pg::classify("58030") == store_failure::wait);
  CHECK(pg::classify("40P01") == store_failure::wait);
  CHECK(pg::classify("55P03") == store_failure::wait);
  CHECK(pg::classify("22003") == store_failure::failed);
  CHECK(pg::classify("23505") == store_failure::failed);
  CHECK(pg::classify("42P01") == store_failure::failed);
  CHECK(pg::error(store_failure::failed, "", "23514").bad_data());
  CHECK_FALSE(pg::error(store_failure::failed, "", "42P01").bad_data());
  CHECK(pg::error(store_failure::wait, "", "40P01").contended());
}

TEST_CASE("values come back as they were sent") {
  pg_database db;
  const std::vector<std::optional<std::string>> nasty = {"",
                                                         "plain",
                                                         "with \"quotes\"",
                                                         "back\\slash",
                                                         "{br,aces}",
                                                         std::nullopt,
                                                         "NULL",
                                                         "null",
                                                         "line\nbreak\ttab",
                                                         " spaces ",
                                                         "'; drop --",
                                                         "\\\"\\",
                                                         "žluťoučký kůň 🐎 日本"};
  auto rows = db.session().exec("select t from unnest($1::text[]) with ordinality as u(t, n)"
                                " order by n",
                                {nasty});
  REQUIRE(rows.rows() == static_cast<int>(nasty.size()));
  for (int i = 0; i < rows.rows(); ++i) {
    CHECK(rows.null(i, 0) == !nasty[i].has_value());
    CHECK(rows.text(i, 0) == nasty[i].value_or(""));
  }

  auto one = db.session().exec(
      "select $1::text, $2::bigint, $3::int, $4::float8, $5::bool, $6::bytea, $7::text, $8::int[],"
      " (extract(epoch from 'epoch'::timestamptz + 1700000000123456 * interval '1 us') * 1000000)"
      "::bigint, cardinality($9::text[]), $10::float8[]",
      {"it's", int64_t{-9'000'000'000'000'000'000}, 7, 0.1, true,
       pg::bytes{std::string_view("\0\xff\\x", 4)}, std::optional<std::string>(),
       std::vector<int>{1, -2}, std::vector<std::string>{},
       std::vector<std::optional<double>>{1.5, std::nullopt}});
  CHECK(one.text(0, 0) == "it's");
  CHECK(one.integer(0, 1) == -9'000'000'000'000'000'000);
  CHECK(one.integer(0, 2) == 7);
  CHECK(one.real(0, 3) == 0.1);
  CHECK(one.boolean(0, 4));
  CHECK(one.raw_bytes(0, 5) == std::string("\0\xff\\x", 4));
  CHECK(one.null(0, 6));
  CHECK(one.text(0, 7) == "{1,-2}");
  CHECK(one.time(0, 8).time_since_epoch().count() == 1'700'000'000'123'456);
  CHECK(one.integer(0, 9) == 0);
  CHECK(one.text(0, 10) == "{1.5,NULL}");
}

TEST_CASE("a NUL is refused instead of being cut off") {
  const std::string nul("a\0b", 3);
  auto alone = thrown([&] { pg::param p(nul); });
  REQUIRE(alone);
  CHECK(alone->bad_data());
  CHECK(thrown([&] { pg::param p(std::vector<std::string>{nul}); }));
}

TEST_CASE("an error in a pipeline undoes it up to the sync, and the session goes on") {
  pg_database db;
  auto& on = db.session();
  on.script("create table t(n int primary key check (n < 100)); create table u(n int)");
  const std::vector<pg::statement> bad = {{"insert into t values ($1::int)", {1}},
                                          {"insert into t values ($1::int)", {200}},
                                          {"insert into u values ($1::int)", {2}}};
  auto e = thrown([&] { on.pipeline(bad); });
  REQUIRE(e);
  CHECK(e->kind == store_failure::failed);
  CHECK(e->bad_data());
  CHECK(std::string(e->what()).find("200") == std::string::npos);
  CHECK(on.alive());
  CHECK(db.number("select count(*) from t") == 0);

  // Statements that were prepared behind the error are prepared anew.
  const std::vector<pg::statement> good
      = {{"insert into t values ($1::int)", {1}}, {"insert into u values ($1::int)", {2}}};
  CHECK(on.pipeline(good).size() == 2);
  CHECK(db.number("select count(*) from t") == 1);
  CHECK(db.number("select count(*) from u") == 1);
}

TEST_CASE("an error of the commit itself is an error of the pipeline") {
  pg_database db;
  auto& on = db.session();
  on.script("create table p(n int primary key);"
            "create table c(n int references p deferrable initially deferred)");
  auto e = thrown([&] { on.exec("insert into c values ($1::int)", {5}); });
  REQUIRE(e);
  CHECK(e->sqlstate() == "23503");
  CHECK(on.alive());
  CHECK(db.number("select count(*) from c") == 0);
}

TEST_CASE("a big pipeline with big answers does not stall") {
  pg_database db;
  const std::string big(300'000, 'x');
  std::vector<pg::statement> all;
  all.reserve(50);
  for (int i = 0; i < 50; ++i)
    all.push_back({"select $1::text || $1::text", {big}});
  auto results = db.session().pipeline(all);
  REQUIRE(results.size() == 50);
  CHECK(results[49].view(0, 0).size() == 600'000);
}

TEST_CASE("a session that was ended is lost, one that cannot be made is to be waited for") {
  pg_database db;
  pg::connection other(db.conninfo());
  CHECK(other.exec("select current_setting('application_name')").text(0, 0) == "troupe");
  CHECK(other.exec("show lock_timeout").text(0, 0) == "1s");
  db.terminate_others();
  auto e = thrown([&] { other.exec("select 1"); });
  REQUIRE(e);
  CHECK(e->kind == store_failure::lost);
  CHECK_FALSE(other.alive());
  e = thrown([&] { other.exec("select 1"); });
  REQUIRE(e);
  CHECK(e->kind == store_failure::lost);

  e = thrown([] { pg::connection nobody("host=127.0.0.1 port=1 dbname=x"); });
  REQUIRE(e);
  CHECK(e->kind == store_failure::wait);
}

TEST_CASE("an idle session that was ended is noticed before it is used") {
  pg_database db;
  pg::connection on(db.conninfo());
  CHECK(on.still_there());
  CHECK(on.exec("select 1").integer(0, 0) == 1);
  CHECK(on.still_there());
  db.terminate_others();
  CHECK(on.alive());
  CHECK_FALSE(on.still_there());
  CHECK_FALSE(on.alive());
}

TEST_CASE("limits of time hold") {
  pg_database db;
  pg::connection other(db.conninfo(), {.statement_timeout = std::chrono::milliseconds(50)});
  auto e = thrown([&] { other.exec("select pg_sleep(5)"); });
  REQUIRE(e);
  CHECK(e->kind == store_failure::wait);
  CHECK(other.alive());

  pg::connection third(db.conninfo(), {.answer_timeout = std::chrono::milliseconds(50)});
  e = thrown([&] { third.exec("select pg_sleep(5)"); });
  REQUIRE(e);
  CHECK(e->kind == store_failure::lost);
}

TEST_CASE("a transaction that is not committed is undone") {
  pg_database db;
  auto& on = db.session();
  on.script("create table t(n int)");
  {
    pg::transaction tx(on);
    on.exec("insert into t values (1)");
  }
  CHECK(db.number("select count(*) from t") == 0);
  {
    pg::transaction tx(on);
    CHECK(thrown([&] { on.exec("select 1 / 0"); }));
  }
  {
    pg::transaction tx(on);
    on.exec("insert into t values (1)");
    tx.commit();
  }
  CHECK(db.number("select count(*) from t") == 1);
}

TEST_CASE("a lazy connection comes back") {
  pg_database db;
  pg::lazy_connection reads(db.conninfo());
  auto pid = [](pg::connection& on) { return on.exec("select pg_backend_pid()").integer(0, 0); };
  const auto first = reads.run(pid);
  db.terminate_others();
  CHECK(reads.run(pid) != first);
}
