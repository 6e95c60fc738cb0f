#pragma once
// A service's database that all tests of a run share, one test at a time: making one takes much
// longer than most tests. It is emptied when a test asks for it; numbers that the server gives
// (streams, parked events) go on.

#include "tests/support/pg_fixture.hpp"

#include <map>
#include <memory>

namespace troupe::test {

inline pg_database& emptied(database which) {
  // Made after a first connection: at exit it must go before OpenSSL's state, which libpq needs to
  // connect once more and drop the databases.
  static auto all = [] {
    const pg::connection first{test_server()};
    return std::map<database, std::unique_ptr<pg_database>>();
  }();
  auto& db = all[which];
  if (!db)
    db = std::make_unique<pg_database>(which);
  db->session().script(R"(
    do $$
    declare
      each text;
    begin
      set local session_replication_role = 'replica'; -- whatever refers to what
      for each in select tablename from pg_tables
                  where schemaname = 'public' and tablename <> 'schema_migrations' loop
        execute format('delete from %I', each);
      end loop;
    end $$)");
  return *db;
}

} // namespace troupe::test
