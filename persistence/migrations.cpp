#include "persistence/migrations.hpp"

#include "persistence/migration_files.hpp"
#include "persistence/pg.hpp"
#include "telemetry/log.hpp"

#include <charconv>

namespace troupe {

namespace {

constexpr std::string_view create_sql
    = "create table if not exists schema_migrations (name text primary key,"
      " version integer not null, applied_at timestamptz not null default clock_timestamp())";

// The two-number form: streams use the other one.
constexpr std::string_view lock_sql = "select pg_advisory_xact_lock(0, 1)";

constexpr std::string_view applied_sql = "select 1 from schema_migrations where name = $1";

constexpr std::string_view note_sql
    = "insert into schema_migrations (name, version) values ($1, $2::integer)";

std::string_view folder_of(database which) {
  switch (which) {
    case database::orders:
      return "orders";
    case database::payments:
      return "payments";
    case database::inventory:
      return "inventory";
    case database::emailing:
      return "emailing";
    case database::gateway:
      return "gateway";
  }
  return "";
}

int version_of(std::string_view name) {
  const auto number = name.substr(name.find('/') + 1);
  int version = 0;
  std::from_chars(number.data(), number.data() + number.size(), version);
  return version;
}

int apply_folder(pg::connection& on, std::string_view folder) {
  int applied = 0;
  for (const auto& file : migration_files()) {
    if (file.name.substr(0, file.name.find('/')) != folder
        || on.exec(applied_sql, {file.name}).rows() > 0)
      continue;
    try {
      on.script(std::string(file.sql));
      on.exec(note_sql, {file.name, version_of(file.name)});
    } catch (const pg::error& e) {
      throw pg::error(e.kind, "migration " + std::string(file.name) + ": " + e.what(),
                      e.sqlstate());
    }
    log::info("migration.applied", {{"file", file.name}});
    ++applied;
  }
  return applied;
}

} // namespace

int migrate(database which, const std::string& conninfo) {
  // Whoever comes second waits for the first to finish; a file may take its time.
  pg::connection on(conninfo, {.lock_timeout = std::chrono::minutes(5),
                               .statement_timeout = std::chrono::minutes(10),
                               .answer_timeout = std::chrono::minutes(11)});
  pg::transaction all(on);
  on.exec(lock_sql);
  on.exec(create_sql);
  int applied = 0;
  if (which != database::gateway)
    applied += apply_folder(on, "common");
  applied += apply_folder(on, folder_of(which));
  all.commit();
  return applied;
}

} // namespace troupe
