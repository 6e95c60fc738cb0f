// The stock table, written a second time and by hand, against decide_stock(): every record and
// every event, with and without units there.

#include "domain/stock.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

using state = stock_state;
using verb = stock_verb;

struct row {
  state from;
  verb what;
  bool enough;
  stock_ruling ruling;
  state next;
  movement moves;
  std::string_view answer;
};

constexpr auto nothing = stock_ruling::nothing;
constexpr auto step = stock_ruling::step;
constexpr auto again = stock_ruling::answer_again;
constexpr auto park = stock_ruling::park;
constexpr auto still = movement::none;
constexpr std::string_view updated = "inventory-updated";
constexpr std::string_view rejected = "inventory-rejected";
constexpr std::string_view released = "inventory-released";

// `enough` matters only where it stands twice.
constexpr row table[] = {
    {state::unknown, verb::order_created, true, step, state::reserved, movement::reserve, ""},
    {state::unknown, verb::order_created, false, step, state::rejected, still, rejected},
    {state::unknown, verb::payment_success, true, park, state::unknown, still, ""},
    {state::unknown, verb::payment_success, false, park, state::unknown, still, ""},
    {state::unknown, verb::order_cancelled, true, step, state::released, still, released},
    {state::unknown, verb::order_cancelled, false, step, state::released, still, released},

    {state::reserved, verb::order_created, true, nothing, state::reserved, still, ""},
    {state::reserved, verb::order_created, false, nothing, state::reserved, still, ""},
    {state::reserved, verb::payment_success, true, step, state::sold, movement::sell_reserved,
     updated},
    {state::reserved, verb::payment_success, false, step, state::sold, movement::sell_reserved,
     updated},
    {state::reserved, verb::order_cancelled, true, step, state::released, movement::unreserve,
     released},
    {state::reserved, verb::order_cancelled, false, step, state::released, movement::unreserve,
     released},

    {state::rejected, verb::order_created, true, again, state::rejected, still, rejected},
    {state::rejected, verb::order_created, false, again, state::rejected, still, rejected},
    {state::rejected, verb::payment_success, true, step, state::sold, movement::sell, updated},
    {state::rejected, verb::payment_success, false, again, state::rejected, still, rejected},
    {state::rejected, verb::order_cancelled, true, step, state::released, still, released},
    {state::rejected, verb::order_cancelled, false, step, state::released, still, released},

    {state::sold, verb::order_created, true, nothing, state::sold, still, ""},
    {state::sold, verb::order_created, false, nothing, state::sold, still, ""},
    {state::sold, verb::payment_success, true, again, state::sold, still, updated},
    {state::sold, verb::payment_success, false, again, state::sold, still, updated},
    {state::sold, verb::order_cancelled, true, step, state::released, movement::restock, released},
    {state::sold, verb::order_cancelled, false, step, state::released, movement::restock, released},

    {state::released, verb::order_created, true, nothing, state::released, still, ""},
    {state::released, verb::order_created, false, nothing, state::released, still, ""},
    {state::released, verb::payment_success, true, nothing, state::released, still, ""},
    {state::released, verb::payment_success, false, nothing, state::released, still, ""},
    {state::released, verb::order_cancelled, true, again, state::released, still, released},
    {state::released, verb::order_cancelled, false, again, state::released, still, released},
};

const stock_record held{"order-1", state::reserved, {{"p1", 2}, {"p-2", 1}}, 1};

std::string value_of(state from, verb what, bool enough) {
  const auto e = stock_answer(held, decide_stock(from, what, enough), "00-trace");
  CHECK(e.key == "order-1");
  CHECK(e.traceparent == "00-trace");
  return e.topic + " " + e.value;
}

} // namespace

TEST_CASE("every record and every event do what the table says") {
  static_assert(std::size(table) == size_t{stock_state_count} * stock_verb_count * 2);
  for (const auto& r : table) {
    const auto d = decide_stock(r.from, r.what, r.enough);
    INFO(to_string(r.from), " × event ", static_cast<int>(r.what), ", enough: ", r.enough);
    CHECK(d.what == r.ruling);
    CHECK(d.next == r.next);
    CHECK(d.moves == r.moves);
    CHECK(d.answer == r.answer);
  }
}

TEST_CASE("answers carry what moved") {
  CHECK(value_of(state::unknown, verb::order_created, false)
        == R"(inventory-rejected {"orderId":"order-1","reason":"not enough stock"})");
  const std::string items
      = R"("items":[{"productId":"p1","quantity":2},{"productId":"p-2","quantity":1}])";
  CHECK(value_of(state::reserved, verb::payment_success, false)
        == "inventory-updated {" + items + R"(,"orderId":"order-1"})");
  CHECK(value_of(state::rejected, verb::payment_success, true)
        == "inventory-updated {" + items + R"(,"orderId":"order-1"})");
  CHECK(value_of(state::reserved, verb::order_cancelled, false)
        == "inventory-released {" + items + R"(,"orderId":"order-1"})");
  CHECK(value_of(state::sold, verb::order_cancelled, false)
        == "inventory-released {" + items + R"(,"orderId":"order-1"})");
}

TEST_CASE("what held nothing releases nothing") {
  for (const auto from : {state::unknown, state::rejected})
    CHECK(value_of(from, verb::order_cancelled, true)
          == R"(inventory-released {"items":[],"orderId":"order-1"})");
}

TEST_CASE("stock names") {
  for (int i = 0; i < stock_state_count; ++i)
    CHECK(stock_state_from(to_string(static_cast<state>(i))) == static_cast<state>(i));
  CHECK(to_string(state::rejected) == "short");
  CHECK_FALSE(stock_state_from("rejected"));
  CHECK(to_string(movement::none) == "none");
  CHECK(to_string(movement::sell_reserved) == "sell_reserved");
  CHECK(to_string(movement::restock) == "restock");
}
