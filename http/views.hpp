#pragma once
// The JSON that clients read, field for field as docs/api.md names it: money as numbers with at
// most two decimals, times as ISO 8601 UTC with milliseconds. Pure; callable from any thread.

#include "domain/order.hpp"
#include "persistence/emailing_store.hpp"
#include "persistence/inventory_store.hpp"
#include "persistence/letters.hpp"
#include "persistence/order_queries.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::http {

/// Members keep the order in which the contract lists them.
using view = nlohmann::ordered_json;

/// The bytes of an answer. Never throws: what is not UTF-8 becomes U+FFFD.
std::string text_of(const view& value);

/// The text at once: no answer is asked for as often.
std::string order_text(const order& o);
/// An array of them.
std::string orders_text(const std::vector<order>& orders);
/// What the catalogue shows.
view product_view(const product& p);
/// The admin's row: `lowStock` at `low_stock` units or fewer.
view inventory_view(const product& p, int64_t low_stock);
view ledger_view(const product_ledger& l);
view notification_view(const notification& n);
/// A dead letter or a parked event; what is not UTF-8 is base64, and says so.
view letter_view(const letter& l);
/// The answer to process-payment. `pending`: the gateway's word is still unknown.
view payment_view(const order& o, bool pending);
/// GET /analytics/orders; `active_products` comes from the catalogue.
view analytics_view(const order_figures& f, int64_t active_products);

template <class T, class F>
view array_view(const std::vector<T>& items, F&& show) {
  auto result = view::array();
  for (const auto& item : items)
    result.push_back(show(item));
  return result;
}

} // namespace troupe::http
