#pragma once
// Rows of `products` as values. Internal to persistence/.

#include "persistence/inventory_store.hpp"
#include "persistence/pg.hpp"

#include <vector>

/// The columns that `read_product` expects, from the first one on.
#define TROUPE_PRODUCT_COLUMNS                                                                     \
  "id, name, description, category, image_url, price, stock, reserved, sold, active, version,"     \
  " (extract(epoch from created_at) * 1000000)::bigint,"                                           \
  " (extract(epoch from updated_at) * 1000000)::bigint"

namespace troupe::pg {

constexpr int product_columns = 13; ///< of TROUPE_PRODUCT_COLUMNS

product read_product(const result& rows, int row);
std::vector<product> read_products(const result& rows);

/// A page of the catalogue, and how many match on all pages.
statement page_of_products(const product_filter& by);
statement count_products(const product_filter& by);

} // namespace troupe::pg
