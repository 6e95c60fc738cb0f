#include "app/commands.hpp"
#include "persistence/migrations.hpp"
#include "persistence/store_error.hpp"
#include "telemetry/log.hpp"

#include <array>

namespace troupe {

void bring_up_to_date(const config& c) {
  struct target {
    database which;
    const char* name;
    const std::string& conninfo;
  };
  const std::array<target, 5> targets{{{database::orders, "orders", c.databases.orders},
                                       {database::payments, "payments", c.databases.payments},
                                       {database::inventory, "inventory", c.databases.inventory},
                                       {database::emailing, "emailing", c.databases.emailing},
                                       {database::gateway, "gateway", c.databases.gateway}}};
  for (const auto& t : targets) {
    if (t.conninfo.empty())
      continue;
    try {
      if (int files = migrate(t.which, t.conninfo); files > 0)
        log::info("database.migrated", {{"database", t.name}, {"files", files}});
    } catch (const store_error& e) {
      throw store_error(e.kind, std::string("databases.") + t.name + ": " + e.what());
    }
  }
}

int migrate_databases(const config& c, bool seed) {
  try {
    bring_up_to_date(c);
    if (int products = seed ? seed_products(c.databases.inventory) : 0; products > 0)
      log::info("catalogue.seeded", {{"products", products}});
    return 0;
  } catch (const store_error& e) {
    log::error("database.migration_failed", {{"error", e.what()}});
    return 1;
  }
}

} // namespace troupe
