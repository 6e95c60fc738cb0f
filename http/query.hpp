#pragma once
// Query parameters within the contract's limits. Unknown ones are ignored, bad values of known ones
// are complaints. Pure.

#include "domain/order.hpp"
#include "http/message.hpp"
#include "http/problem.hpp"
#include "persistence/inventory_store.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace troupe::http {

using complaints = std::vector<field_error>;

/// `limit`: 1 to 1000, else a complaint; `fallback` when absent.
int read_limit(const request& q, int fallback, complaints& bad);

/// A switch such as `unread`: `true`, `1` or nothing but its name switch it on.
bool read_switch(const request& q, std::string_view name, complaints& bad);

/// `status`, the name of one; nothing when absent.
std::optional<order_status> read_status(const request& q, complaints& bad);

/// The filter of GET /products: category, search, minPrice, maxPrice, sort, limit. Its cursor
/// depends on the sort: see http/catalogue_routes.cpp.
product_filter read_product_filter(const request& q, complaints& bad);

} // namespace troupe::http
