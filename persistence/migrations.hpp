#pragma once
// Schemas: persistence/migrations/<service>/NNN_*.sql, compiled into the program, applied once
// each, in one transaction under pg_advisory_xact_lock. Additive only.

#include <string>

namespace troupe {

enum class database { orders, payments, inventory, emailing, gateway };

/// Brings `conninfo`'s database to the newest schema; returns how many files it applied.
/// Throws `store_error` naming the file.
int migrate(database which, const std::string& conninfo);

/// The catalogue of 100 products in 8 categories, once: does nothing when a product exists.
/// Returns how many were inserted.
int seed_products(const std::string& inventory_conninfo);

} // namespace troupe
