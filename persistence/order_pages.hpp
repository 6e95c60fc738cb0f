#pragma once
// Pages of the list of orders as statements. Internal to persistence/.

#include "persistence/order_queries.hpp"
#include "persistence/pg.hpp"

namespace troupe::pg {

/// The ids on the page that `by` describes.
statement page_of_orders(const order_filter& by);

} // namespace troupe::pg
