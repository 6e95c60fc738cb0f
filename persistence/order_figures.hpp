#pragma once
// The figures of GET /analytics/orders: tables that take in each new row of the history once, and
// the reads of them. Internal to persistence/. One thread at a time.

#include "persistence/order_queries.hpp"
#include "persistence/pg.hpp"

namespace troupe::pg {

/// Takes at most `limit` new history rows of each stream into the figures, in one transaction; two
/// that fold at once take turns. Returns false when there may be more. Throws as `connection`.
bool fold_figures(connection& on, int limit = 5000);

/// The figures as folded, in one snapshot of a session that reads in one.
order_figures read_figures(connection& on);

} // namespace troupe::pg
