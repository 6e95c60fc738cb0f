#pragma once
// What an event may still do to the stock of one order: record × event → movement and answer.
// Source: "Stock" in docs/protocols.md. Pure: the worker asks whether all lines are there.

#include "domain/event.hpp"
#include "domain/money.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// `unknown`: a row that only says that somebody looked (it makes parking race-free).
enum class stock_state : uint8_t { unknown, reserved, rejected, sold, released };
constexpr int stock_state_count = 5;
/// "unknown", "reserved", "short", "sold", "released", as in the database.
std::string_view to_string(stock_state s);
std::optional<stock_state> stock_state_from(std::string_view name);

enum class stock_verb : uint8_t { order_created, payment_success, order_cancelled };
constexpr int stock_verb_count = 3;

struct stock_line {
  std::string product_id;
  int32_t quantity = 0;
  bool operator==(const stock_line&) const = default;
};

/// What an order holds at the inventory service. `lines` are known from order-created on.
struct stock_record {
  std::string order_id;
  stock_state state = stock_state::unknown;
  std::vector<stock_line> lines;
  int32_t step = 0; ///< number of ledger rows: `ce_sequence` of its events
};

/// How units move, for every line alike (`stock`: can still be sold).
enum class movement : uint8_t {
  none,
  reserve,       ///< stock → reserved
  sell_reserved, ///< reserved → sold
  sell,          ///< stock → sold
  unreserve,     ///< reserved → stock
  restock        ///< sold → stock
};
std::string_view to_string(movement m);

enum class stock_ruling : uint8_t {
  nothing,      ///< no effect, no answer
  step,         ///< commit `next`, `moves` and `answer` (a ledger row)
  answer_again, ///< nothing to write: publish the stored answer again (same ids)
  park          ///< too early: keep the event beside the order until order-created is here
};

struct stock_decision {
  stock_ruling what = stock_ruling::nothing;
  stock_state next = stock_state::unknown;
  movement moves = movement::none;
  /// Topic of the answer: of the new one with `step`, of the stored one with `answer_again`.
  std::string_view answer;
};

/// `enough`: every line could be taken from stock right now (only asked by the rows that take).
/// A payment-success on a `rejected` record that is still short is `step` with a fresh
/// inventory-rejected only if none is stored, else `answer_again`.
stock_decision decide_stock(stock_state state, stock_verb verb, bool enough);

/// The event that tells of `d` for `record` (inventory-updated, -rejected or -released).
event stock_answer(const stock_record& record, const stock_decision& d,
                   const std::string& traceparent);

} // namespace troupe
