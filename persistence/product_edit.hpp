#pragma once
// What the shop's owner changes about a product, decided on the row as it stands: pure, shared by
// the real store and its fake.
// Source: "POST /inventory" and "PUT /inventory/:id" in docs/api.md.

#include "persistence/inventory_store.hpp"

#include <string>
#include <vector>

namespace troupe {

/// The row that `e` makes of `now`; versions and times are the store's.
product edited(product now, const product_edit& e);

/// `e` may be applied to that version.
bool allows(const product_edit& e, int32_t version);

/// The same to everybody but the store: nothing is to be written.
bool same_product(const product& a, const product& b);

/// The `lines` column of the edit's ledger row: what was moved in or out, and the price in cents.
std::string edit_lines(const product& before, const product& after);

/// Notices that the edit asks for: one for a crossing down to `low_stock` units.
std::vector<event> edit_notices(const product& before, const product& after, int64_t low_stock,
                                const std::string& traceparent);

} // namespace troupe
