#pragma once
// What a batch of consumed events does to the stock, decided on a snapshot: a pure function between
// the reads and the writes of an inventory store, shared by the real one and its fake. The rules of
// one order and one event are decide_stock's; this adds what a batch needs: a running snapshot,
// parking, draining, stored answers, low-stock notices.
// Source: "Consuming" and "Stock" in docs/protocols.md.

#include "domain/ids.hpp"
#include "domain/stock.hpp"
#include "persistence/inbox.hpp"
#include "persistence/inventory_store.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// A row of stock_ledger, as far as answers need it.
struct ledger_row {
  position at = 0;
  int32_t step = 0;
  timestamp time{};
  std::vector<event> events;
};

/// What the database knows about one order.
struct stock_file {
  stock_record record;
  int32_t version = 0;               ///< of the row; 0: there is none
  std::vector<ledger_row> rows;      ///< by step
  std::vector<parked_event> waiting; ///< oldest first
};

/// The units of one product.
struct product_units {
  std::string name;
  int64_t stock = 0, reserved = 0, sold = 0;
  int32_t version = 0;
};

/// The snapshot that a batch is decided on. Orders and products that it lacks do not exist.
struct stock_view {
  std::map<std::string, stock_file> orders;
  std::map<std::string, product_units> products;
};

/// What to write, all or nothing. Every `expected` version guards a row: when it moved on, the
/// whole plan is void.
struct stock_plan {
  struct order_change {
    std::string order_id;
    int32_t expected = 0; ///< 0: insert
    stock_state state = stock_state::unknown;
    std::vector<stock_line> lines;
    int32_t step = 0;
  };
  struct product_change {
    std::string product_id;
    int32_t expected = 0;
    int64_t stock = 0, reserved = 0, sold = 0; ///< differences
  };
  struct ledger_entry {
    position at = 0;
    std::string order_id;
    int32_t step = 0;
    std::string_view kind; ///< "reserve", "reject", "sell" or "release"; once an order
    movement moves = movement::none;
    std::vector<stock_line> lines;
    std::vector<event> events;
  };

  /// One an input. Events of new rows have no `time` yet: see `stamp`.
  std::vector<stock_result> results;
  std::vector<order_change> orders;     ///< by order id
  std::vector<product_change> products; ///< by product id: one a product, however many orders
  std::vector<ledger_entry> ledger;     ///< in position order
  std::vector<parked_event> park;
  std::vector<int64_t> unpark; ///< ids of parked events that have been applied

  bool writes() const;
};

/// Decides `inputs` in their order. `next` gives positions, rising.
stock_plan plan_stock(stock_view view, std::span<const stock_input> inputs, int64_t low_stock,
                      const std::function<position()>& next);

/// Tells "admin" that a product has become scarce.
event low_stock_notice(const std::string& product_id, const std::string& name, int64_t stock,
                       const std::string& traceparent);

/// Completes the results of a written plan with the times that its ledger rows got.
void stamp(stock_plan& plan, const std::map<position, timestamp>& times);

/// The `lines` column: [{"productId":…,"quantity":…}]. Decoding throws std::invalid_argument.
std::string encode_lines(std::span<const stock_line> lines);
std::vector<stock_line> decode_lines(std::string_view json);

} // namespace troupe
