// What may happen to the order, at inventory and in Kafka.

#include "tests/domain/model_steps.hpp"

#include <initializer_list>
#include <optional>
#include <utility>

namespace model {

using namespace troupe;
using verb = order_verb;

namespace {

/// What the real decide() and apply() made of an order, in the model's terms.
struct outcome {
  ruling what = ruling::unchanged;
  follow_up then = follow_up::none;
  order after;
  bool says_success = false;
  bool says_cancelled = false;
};

/// An order as the model knows it. The model leaves out what only lengthens a delay (`rounds`) and
/// keeps `version` still: a deadline of an older version is ignored, which the table test shows.
order real_order(const world& w) {
  order o;
  o.id = "o";
  o.user_id = "u";
  o.status = w.order_status();
  o.payment = w.payment_status();
  o.version = 1;
  o.total = 100;
  o.shipping_address = "{}";
  o.attempt = w.attempt;
  o.stock_held = w.held != 0;
  o.live = w.live != 0;
  return o;
}

outcome ask_order(const world& w, verb v, int attempt) {
  order_command c;
  c.verb = v;
  c.version = 1;
  c.attempt = attempt;
  const auto o = real_order(w);
  const auto d = decide(o, c, deadlines{});
  outcome result{d.what, d.then, o};
  if (!d.step)
    return result;
  result.after = apply(o, *d.step, timestamp{});
  for (const auto& e : d.step->events) {
    result.says_success |= e.topic == topic::payment_success;
    result.says_cancelled |= e.topic == topic::order_cancelled;
  }
  return result;
}

/// The same, remembered: decide() is pure, and the walk asks it the same things over and over.
const outcome& decided(const world& w, verb v, int attempt) {
  static std::vector<std::optional<outcome>> memory(size_t{1} << 16);
  size_t key = w.status;
  for (const auto& [part, bits] :
       std::initializer_list<std::pair<size_t, int>>{{w.payment, 3},
                                                     {w.attempt, 2},
                                                     {w.held, 1},
                                                     {w.live, 1},
                                                     {size_t(v), 4},
                                                     {size_t(attempt), 2}})
    key = key << bits | part;
  auto& slot = memory[key];
  if (!slot)
    slot = ask_order(w, v, attempt);
  return *slot;
}

} // namespace

void steps::all() {
  wishes();
  for (int i = 0; i < max_attempts; ++i) {
    work(i);
    tell(i);
    sweep_refund(i);
  }
  pass_deadline();
  deliver_records();
}

void steps::add(const world& after, const char* what, cause why) {
  out_.push_back({after, what, why, std::exchange(violation_, nullptr)});
}

void steps::emit_cancelled(world& w) {
  emit(w, cancelled_at_inventory);
  emit(w, cancelled_at_payment);
}

// The order.

bool steps::command(world& w, verb v, int attempt) {
  if (!r_.same_attempt)
    attempt = w.attempt;
  const auto& d = decided(w, v, attempt);
  if (d.what == ruling::dead_letter)
    violation_ = "dead letter";
  if (d.what != ruling::step)
    return false;
  const bool held = d.after.stock_held && r_.stock_released;
  w.status = static_cast<uint8_t>(d.after.status);
  w.payment = static_cast<uint8_t>(d.after.payment);
  w.attempt = static_cast<uint8_t>(d.after.attempt);
  w.held = held;
  w.live = d.after.live
           && (held || !d.after.stock_held || w.payment_status() == payment_status::refund_pending);
  if (d.says_success)
    emit(w, success_at_inventory);
  if (d.says_cancelled)
    emit_cancelled(w);
  if (d.then == follow_up::charge)
    w.attempts[w.attempt - 1].at = static_cast<uint8_t>(worker::asked);
  return true;
}

void steps::wish(verb v, const char* what, int cost) {
  world w = now_;
  if (!command(w, v, 0))
    return;
  w.wishes -= cost;
  add(w, what, cause::wish);
}

void steps::wishes() {
  if (now_.wishes > 0) {
    if (now_.attempt < max_attempts)
      wish(verb::pay, "pay", 1);
    wish(verb::cancel, "cancel", 1);
  }
  wish(verb::dispatch, "dispatch", 0);
  wish(verb::deliver, "deliver", 0);
  if (now_.restocks > 0) {
    world w = now_;
    ++w.stock;
    --w.restocks;
    add(w, "restock", cause::wish);
  }
}

void steps::pass_deadline() {
  world w = now_;
  const auto then = decided(w, verb::deadline, 0).then;
  if (!command(w, verb::deadline, 0))
    return;
  if (then == follow_up::settle)
    return settle_running(w);
  if (then == follow_up::republish)
    republish(w);
  add(w, "deadline", cause::deadline);
}

void steps::republish(world& w) {
  const bool is_cancelled = w.order_status() == order_status::cancelled;
  const bool was_paid = w.payment_status() == payment_status::success
                        || w.payment_status() == payment_status::refund_pending
                        || w.payment_status() == payment_status::refunded;
  if (r_.republish_all)
    emit(w, created_at_inventory);
  if (was_paid && (r_.republish_all || !is_cancelled))
    emit(w, success_at_inventory);
  if (is_cancelled)
    emit_cancelled(w);
}

// Inventory.

void steps::move_unit(world& w, movement m) {
  const auto shift = [](int8_t& from, int8_t& to) {
    --from;
    ++to;
  };
  switch (m) {
    case movement::none:
      return;
    case movement::reserve:
      return shift(w.stock, w.reserved);
    case movement::sell_reserved:
      return shift(w.reserved, w.sold);
    case movement::sell:
      return shift(w.stock, w.sold);
    case movement::unreserve:
      return shift(w.reserved, w.stock);
    case movement::restock:
      return shift(w.sold, w.stock);
  }
}

void steps::answer(world& w, std::string_view said) {
  if (said == topic::inventory_updated)
    emit(w, updated);
  else if (said == topic::inventory_rejected)
    emit(w, rejected);
  else if (said == topic::inventory_released && r_.stock_released)
    emit(w, released);
}

void steps::stock_event(world& w, stock_verb v) {
  const auto state = static_cast<stock_state>(w.record);
  const auto d = decide_stock(state, v, w.stock > 0);
  const bool short_still = v == stock_verb::payment_success && state == stock_state::rejected;
  switch (d.what) {
    case stock_ruling::nothing:
      return;
    case stock_ruling::park:
      w.parked = r_.parking;
      return;
    case stock_ruling::answer_again:
      if (short_still ? r_.short_again : r_.answer_again)
        answer(w, d.answer);
      return;
    case stock_ruling::step:
      w.record = static_cast<uint8_t>(d.next);
      move_unit(w, d.moves);
      answer(w, d.answer);
  }
}

// Kafka.

void steps::take(world& w, kind k) {
  switch (k) {
    case created_at_inventory:
      stock_event(w, stock_verb::order_created);
      if (std::exchange(w.parked, uint8_t{0}))
        stock_event(w, stock_verb::payment_success);
      return;
    case success_at_inventory:
      return stock_event(w, stock_verb::payment_success);
    case cancelled_at_inventory:
      return stock_event(w, stock_verb::order_cancelled);
    case cancelled_at_payment:
      return refund_all(w);
    case updated:
      command(w, verb::inventory_updated, 0);
      return;
    case rejected:
      command(w, verb::inventory_rejected, 0);
      return;
    case released:
      command(w, verb::inventory_released, 0);
      return;
    case refunded:
      command(w, verb::payment_refunded, 0);
      return;
  }
}

void steps::deliver_records() {
  static constexpr const char* delivered[] = {"order-created",
                                              "payment-success",
                                              "order-cancelled @inventory",
                                              "order-cancelled @payment",
                                              "inventory-updated",
                                              "inventory-rejected",
                                              "inventory-released",
                                              "payment-refunded"};
  static constexpr const char* lost[] = {"LOST order-created",
                                         "LOST payment-success",
                                         "LOST order-cancelled @inventory",
                                         "LOST order-cancelled @payment",
                                         "LOST inventory-updated",
                                         "LOST inventory-rejected",
                                         "LOST inventory-released",
                                         "LOST payment-refunded"};
  for (int i = 0; i < kind_count; ++i) {
    const auto k = static_cast<kind>(i);
    if (now_.copies[k] == 0)
      continue;
    world w = now_;
    if (w.losses > 0) {
      w.copies[k] = 0;
      --w.losses;
      add(w, lost[i], cause::fault);
    }
    // Delivered once and for all, or to be delivered once more.
    for (int keep = now_.copies[k] - 1; keep >= 0; --keep) {
      w = now_;
      w.copies[k] = static_cast<uint8_t>(keep);
      take(w, k);
      add(w, delivered[i], cause::due);
    }
  }
}

void happenings(const world& w, const rules& r, std::vector<happening>& out) {
  out.clear();
  steps(w, r, out).all();
}

} // namespace model
