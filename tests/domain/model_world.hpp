#pragma once
// The model of one order (one line, quantity 1) and all that can happen to it: its own state, the
// payment service with its gateway, the inventory record, and the records under way between them.
// Small enough to be one 64-bit number, so that millions of worlds fit in a hash set.

#include "domain/lifecycle.hpp"
#include "domain/payment.hpp"
#include "domain/stock.hpp"

#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace model {

/// A record under way to one consumer. Topics are unordered among each other.
enum kind : uint8_t {
  created_at_inventory,
  success_at_inventory,
  cancelled_at_inventory,
  cancelled_at_payment,
  updated,
  rejected,
  released,
  refunded
};
constexpr int kind_count = 8;

/// What the gateway's books say of a key. `tombstone`: voided before any charge came.
enum class books : uint8_t { untouched, captured, declined, tombstone };

/// Where the worker of an attempt is. `none`: not started, ended, given up or crashed.
enum class worker : uint8_t {
  none,
  asked,   ///< it has been told, and has written nothing
  begun,   ///< PENDING is committed, the gateway is still to be called
  answered ///< the gateway has answered, nothing of it is committed
};

constexpr uint8_t no_row = 7;

struct attempt_world {
  uint8_t row = no_row; ///< `attempt_status`
  uint8_t refund = 0;   ///< `refund_status`
  uint8_t gateway = 0;  ///< `books`
  uint8_t at = 0;       ///< `worker`
  uint8_t late = 0;     ///< a charge request of a worker that is gone may still reach the gateway
  uint8_t telling = 0;  ///< how often word of the outcome is on its way to the order, up to 2
};

constexpr int max_attempts = 2;

struct world {
  // the order
  uint8_t status = 0;
  uint8_t payment = 0;
  uint8_t attempt = 0;
  uint8_t held = 0;
  uint8_t live = 1;
  uint8_t wishes = 3; ///< what the customer may still do: pay or cancel
  // the payment service and the gateway
  std::array<attempt_world, max_attempts> attempts{};
  // inventory
  uint8_t record = 0; ///< `stock_state`
  uint8_t parked = 0; ///< payment-success waits for order-created
  int8_t stock = 0;
  int8_t reserved = 0;
  int8_t sold = 0;
  uint8_t restocks = 0; ///< how often the admin may still add a unit
  // Kafka
  std::array<uint8_t, kind_count> copies{}; ///< how often each record may still be delivered
  uint8_t losses = 0;                       ///< how many records may still be lost

  troupe::order_status order_status() const { return static_cast<troupe::order_status>(status); }
  troupe::payment_status payment_status() const {
    return static_cast<troupe::payment_status>(payment);
  }
};

/// Calls `field(member, bits)` for each member of `w`.
template <class World, class Field>
void each_field(World& w, Field field) {
  field(w.status, 3);
  field(w.payment, 3);
  field(w.attempt, 2);
  field(w.held, 1);
  field(w.live, 1);
  field(w.wishes, 2);
  for (auto& a : w.attempts) {
    field(a.row, 3);
    field(a.refund, 2);
    field(a.gateway, 2);
    field(a.at, 2);
    field(a.late, 1);
    field(a.telling, 2);
  }
  field(w.record, 3);
  field(w.parked, 1);
  field(w.stock, 2);
  field(w.reserved, 1);
  field(w.sold, 1);
  field(w.restocks, 1);
  for (auto& c : w.copies)
    field(c, 2);
  field(w.losses, 2);
}

inline uint64_t pack(const world& w) {
  uint64_t bits = 0;
  int at = 0;
  each_field(w, [&](auto value, int width) {
    bits |= static_cast<uint64_t>(value) << at;
    at += width;
  });
  return bits;
}

inline world unpack(uint64_t bits) {
  world w;
  each_field(w, [&](auto& value, int width) {
    value = static_cast<std::remove_reference_t<decltype(value)>>(bits & ((1U << width) - 1));
    bits >>= width;
  });
  return w;
}

/// The rules that a variant may leave out; with all of them the model is the product.
struct rules {
  bool answer_again = true;   ///< a duplicate publishes the stored answer again
  bool short_again = true;    ///< payment-success on a short record says inventory-rejected again
  bool republish_all = true;  ///< a deadline publishes order-created again too
  bool stock_released = true; ///< a cancelled order waits for inventory's inventory-released
  bool parking = true;        ///< a payment-success that comes too early waits for order-created
  bool same_attempt = true;   ///< an outcome counts for its own attempt only
  bool tombstone = true;      ///< a void of an unknown key refuses the charge that comes later
};

/// Why something happens. Only what is due or a deadline may be needed to settle an order.
enum class cause : uint8_t { due, deadline, wish, fault };

/// One thing that may happen.
struct happening {
  world after;
  const char* what = "";
  cause why = cause::due;
  const char* violation = nullptr; ///< it broke a promise while it happened
};

/// All that may happen to `w`, by the real decide functions, less what `r` leaves out.
void happenings(const world& w, const rules& r, std::vector<happening>& out);

} // namespace model
