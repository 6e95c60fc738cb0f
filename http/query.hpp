#pragma once
// Query parameters within the contract's limits. Unknown ones are ignored, bad values of known ones
// are complaints. Pure.

#include "http/message.hpp"
#include "http/problem.hpp"
#include "persistence/inventory_store.hpp"

#include <string_view>
#include <vector>

namespace troupe::http {

using complaints = std::vector<field_error>;

/// `limit`: 1 to 1000, else a complaint; `fallback` when absent.
int read_limit(const request& q, int fallback, complaints& bad);

/// A switch such as `unread`: `true`, `1` or nothing but its name switch it on.
bool read_switch(const request& q, std::string_view name, complaints& bad);

/// The filter of GET /products: category, search, minPrice, maxPrice, limit.
product_filter read_product_filter(const request& q, complaints& bad);

} // namespace troupe::http
