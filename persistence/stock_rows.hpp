#pragma once
// The inventory database's rows as a stock_view, and a stock_plan as its writes. Internal to
// persistence/: inventory_store decides when to lock and what to do about conflicts.

#include "persistence/pg.hpp"
#include "persistence/stock_plan.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace troupe::pg {

/// What a batch of inputs is about, each once, sorted.
struct stock_scope {
  std::vector<std::string> orders;
  std::vector<std::string> products; ///< those that inputs name; records know of more
};
stock_scope scope_of(std::span<const stock_input> inputs);

/// Reads without locks; what was read is guarded by the versions in the plan.
stock_view read_stock(connection& on, const stock_scope& scope);

/// Within a transaction: makes sure that every order has a row, locks orders, then products, each
/// by id, and reads what is then certain.
stock_view lock_stock(connection& on, const stock_scope& scope);

/// Writes the plan in one go and returns the times of its ledger rows. Throws an error that is
/// `contended()` when a version has moved on: then nothing is written.
std::map<position, timestamp> write_stock(connection& on, const stock_plan& plan);

} // namespace troupe::pg
