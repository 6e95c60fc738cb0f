#pragma once
// Waiting for what other sessions of a test's database do, with a bound. On a session of its own:
// inside a transaction pg_stat_activity shows the same picture for ever.

#include "tests/support/pg_fixture.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

namespace troupe::test {

/// Fails the test when `sql` does not give `wanted` within ten seconds.
inline void await_number(const pg_database& db, std::string_view sql, int64_t wanted) {
  pg::connection watcher(db.conninfo());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (watcher.exec(sql).integer(0, 0) != wanted) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

/// Until one session waits for a lock.
inline void await_blocked(const pg_database& db) {
  await_number(db,
               "select count(*) from pg_stat_activity where datname = current_database()"
               " and wait_event_type = 'Lock'",
               1);
}

} // namespace troupe::test
