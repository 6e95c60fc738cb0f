// Schemas: applied once, in order, also by two processes at once.

#include "persistence/migration_files.hpp"
#include "tests/support/pg_fixture.hpp"

#include <doctest/doctest.h>
#include <thread>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("every database migrates, a second time does nothing") {
  for (auto which : {database::orders, database::payments, database::inventory, database::emailing,
                     database::gateway}) {
    CAPTURE(static_cast<int>(which));
    pg_database db;
    const int applied = migrate(which, db.conninfo());
    CHECK(applied > 0);
    CHECK(db.number("select count(*) from schema_migrations") == applied);
    CHECK(migrate(which, db.conninfo()) == 0);
    CHECK(db.number("select count(*) from schema_migrations") == applied);
    const bool service = which != database::gateway;
    CHECK(db.number("select count(*) from pg_tables where tablename = any($1::text[])",
                    {std::vector<std::string>{"streams", "watermarks", "incarnations",
                                              "parked_events", "dead_letters"}})
          == (service ? 5 : 0));
  }
}

TEST_CASE("two processes migrate at once: one does it, the other waits") {
  pg_database db;
  int counts[2] = {-1, -1};
  std::thread other([&] { counts[1] = migrate(database::orders, db.conninfo()); });
  counts[0] = migrate(database::orders, db.conninfo());
  other.join();
  CHECK(counts[0] + counts[1] == db.number("select count(*) from schema_migrations"));
  CHECK(std::min(counts[0], counts[1]) == 0);
}

TEST_CASE("a file that fails is named, and nothing of it stays") {
  pg_database db;
  // What the first orders file makes is there already.
  db.session().script("create table order_items (id text)");
  try {
    migrate(database::orders, db.conninfo());
    FAIL("migrated over a foreign table");
  } catch (const store_error& e) {
    CHECK(e.kind == store_failure::failed);
    CHECK(std::string(e.what()).find("orders/001_orders.sql") != std::string::npos);
  }
  CHECK(db.number("select count(*) from pg_tables where schemaname = 'public'") == 1);
}

TEST_CASE("files come sorted by name") {
  const auto files = migration_files();
  REQUIRE(files.size() > 4);
  for (std::size_t i = 1; i < files.size(); ++i)
    CHECK(files[i - 1].name < files[i].name);
}

TEST_CASE("the orders database has 64 free shards and the models' columns") {
  pg_database db(database::orders);
  CHECK(db.number("select count(*) from shards where owner is null") == 64);
  auto columns = [&](const char* table) {
    return db.value("select string_agg(column_name, ',') from information_schema.columns"
                    " where table_name = $1",
                    {table})
           + ",";
  };
  for (auto name : {"id,", "user_id,", "total_amount,", "status,", "payment_status,", "created_at,",
                    "updated_at,", "shipping_address,"})
    CHECK(columns("orders").find(name) != std::string::npos);
  for (auto name : {"id,", "order_id,", "product_id,", "quantity,", "price,"})
    CHECK(columns("order_items").find(name) != std::string::npos);
  for (auto name : {"id,", "order_id,", "status,", "message,", "timestamp,"})
    CHECK(columns("order_status_history").find(name) != std::string::npos);
}
