#pragma once
// A database of a test's own in the server that TROUPE_TEST_PG names: made and migrated at the
// start, dropped at the end, with a name that no other test has.

#include "persistence/migrations.hpp"
#include "persistence/pg.hpp"

#include <optional>
#include <string>

namespace troupe::test {

/// The server's connection string; ends the program with a message when TROUPE_TEST_PG is not set.
std::string test_server();

class pg_database {
public:
  /// An empty database; with `which` one that has that schema.
  explicit pg_database(std::optional<database> which = std::nullopt);
  pg_database(const pg_database&) = delete;
  pg_database& operator=(const pg_database&) = delete;
  ~pg_database();

  const std::string& conninfo() const { return conninfo_; }
  const std::string& name() const { return name_; }
  /// A session of the test's own, for looking behind the stores.
  pg::connection& session();
  /// One value of one row, as text.
  std::string value(std::string_view sql, std::vector<pg::param> params = {});
  int64_t number(std::string_view sql, std::vector<pg::param> params = {});
  /// Ends every other session of this database, as a restart of the server would.
  int terminate_others();

private:
  std::string name_;
  std::string conninfo_;
  pg::lazy_connection session_;
};

} // namespace troupe::test
