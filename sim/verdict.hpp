#pragma once
// The verdict: what the ledger remembers against what the server says in the end. Pure.

#include "sim/ledger.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::sim {

/// What the server says of one user once the load is over.
struct final_answers {
  std::vector<order_sight> listed;                         ///< GET /orders, all pages
  std::map<std::string, std::optional<order_sight>> asked; ///< GET /orders/:id; nothing: 404
  std::vector<notification_sight> notifications;           ///< all pages, newest first
};

/// A product of ours: before the load and after it (`GET /inventory`).
struct product_count {
  int64_t stock = 0, reserved = 0, sold = 0;
};

/// Whether the order owes nobody a step that comes by itself.
bool quiet(const order_sight& s);

/// What the answers break of the promises, for one user. What `may_heal` is no violation before
/// the run has had its time to settle.
std::vector<violation> judge_user(const ledger& book, const std::string& user,
                                  const final_answers& now);

/// Of each product: the units that there were are there, and what is sold, and what is held, is
/// what our orders say (each line of those orders that were sighted last).
std::vector<violation> judge_stock(const std::map<std::string, product_count>& before,
                                   const std::map<std::string, product_count>& after,
                                   const ledger& book);

} // namespace troupe::sim
