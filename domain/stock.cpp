#include "domain/stock.hpp"

#include "domain/json.hpp"
#include "domain/names.hpp"

namespace troupe {

namespace {

constexpr names::table<stock_state_count> states
    = {"unknown", "reserved", "short", "sold", "released"};

constexpr names::table<6> movements
    = {"none", "reserve", "sell_reserved", "sell", "unreserve", "restock"};

stock_decision step(stock_state next, movement moves, std::string_view answer) {
  return {stock_ruling::step, next, moves, answer};
}

stock_decision again(stock_state state, std::string_view answer) {
  return {stock_ruling::answer_again, state, movement::none, answer};
}

stock_decision nothing(stock_state state) {
  return {stock_ruling::nothing, state, movement::none, {}};
}

stock_decision on_order_created(stock_state state, bool enough) {
  switch (state) {
    case stock_state::unknown:
      return enough ? step(stock_state::reserved, movement::reserve, {})
                    : step(stock_state::rejected, movement::none, topic::inventory_rejected);
    case stock_state::rejected:
      return again(state, topic::inventory_rejected);
    case stock_state::reserved:
    case stock_state::sold:
    case stock_state::released:
      break;
  }
  return nothing(state);
}

stock_decision on_payment_success(stock_state state, bool enough) {
  switch (state) {
    case stock_state::unknown:
      return {stock_ruling::park, state, movement::none, {}};
    case stock_state::reserved:
      return step(stock_state::sold, movement::sell_reserved, topic::inventory_updated);
    case stock_state::rejected:
      // It became `rejected` with an inventory-rejected, so one is always stored.
      return enough ? step(stock_state::sold, movement::sell, topic::inventory_updated)
                    : again(state, topic::inventory_rejected);
    case stock_state::sold:
      return again(state, topic::inventory_updated);
    case stock_state::released:
      break;
  }
  return nothing(state);
}

stock_decision on_order_cancelled(stock_state state) {
  movement back = movement::none;
  switch (state) {
    case stock_state::released:
      return again(state, topic::inventory_released);
    case stock_state::reserved:
      back = movement::unreserve;
      break;
    case stock_state::sold:
      back = movement::restock;
      break;
    case stock_state::unknown: // a tombstone: an order-created that comes later reserves nothing
    case stock_state::rejected:
      break;
  }
  return step(stock_state::released, back, topic::inventory_released);
}

nlohmann::json items_of(const std::vector<stock_line>& lines) {
  auto items = nlohmann::json::array();
  for (const auto& line : lines)
    items.push_back({{"productId", line.product_id}, {"quantity", line.quantity}});
  return items;
}

} // namespace

std::string_view to_string(stock_state s) {
  return names::name_of(states, s);
}

std::optional<stock_state> stock_state_from(std::string_view name) {
  return names::value_of<stock_state>(states, name);
}

std::string_view to_string(movement m) {
  return names::name_of(movements, m);
}

stock_decision decide_stock(stock_state state, stock_verb verb, bool enough) {
  switch (verb) {
    case stock_verb::order_created:
      return on_order_created(state, enough);
    case stock_verb::payment_success:
      return on_payment_success(state, enough);
    case stock_verb::order_cancelled:
      return on_order_cancelled(state);
  }
  return nothing(state);
}

event stock_answer(const stock_record& record, const stock_decision& d,
                   const std::string& traceparent) {
  nlohmann::json value{{"orderId", record.order_id}};
  if (d.answer == topic::inventory_rejected)
    value["reason"] = "not enough stock";
  else if (d.answer == topic::inventory_released && d.moves == movement::none)
    value["items"] = nlohmann::json::array();
  else
    value["items"] = items_of(record.lines);
  return make_event(d.answer, record.order_id, value, traceparent);
}

} // namespace troupe
