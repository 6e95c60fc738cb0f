// What may happen in the model, through the real decide functions.

#include "tests/domain/model_world.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

namespace model {

using namespace troupe;

namespace {

using verb = order_verb;

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

payment_attempt real_attempt(const attempt_world& a) {
  payment_attempt p;
  p.order_id = "o";
  p.status = static_cast<attempt_status>(a.row);
  p.refund = static_cast<refund_status>(a.refund);
  return p;
}

std::optional<payment_attempt> known(const attempt_world& a) {
  return a.row == no_row ? std::nullopt : std::optional(real_attempt(a));
}

bool is(const attempt_world& a, worker at) {
  return a.at == static_cast<uint8_t>(at);
}

bool is(const attempt_world& a, books gateway) {
  return a.gateway == static_cast<uint8_t>(gateway);
}

class steps {
public:
  steps(const world& w, const rules& r, std::vector<happening>& out) : now_(w), r_(r), out_(out) {}

  void all() {
    wishes();
    for (int i = 0; i < max_attempts; ++i) {
      work(i);
      tell(i);
      sweep_refund(i);
    }
    pass_deadline();
    deliver_records();
  }

private:
  void add(const world& after, const char* what, cause why) {
    out_.push_back({after, what, why, std::exchange(violation_, nullptr)});
  }

  static void emit(world& w, kind k) { w.copies[k] = 2; }

  static void emit_cancelled(world& w) {
    emit(w, cancelled_at_inventory);
    emit(w, cancelled_at_payment);
  }

  // The order.

  /// Runs a command through decide() and apply(). Says whether anything was committed.
  bool command(world& w, verb v, int attempt) {
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
    w.live
        = d.after.live
          && (held || !d.after.stock_held || w.payment_status() == payment_status::refund_pending);
    if (d.says_success)
      emit(w, success_at_inventory);
    if (d.says_cancelled)
      emit_cancelled(w);
    if (d.then == follow_up::charge)
      w.attempts[w.attempt - 1].at = static_cast<uint8_t>(worker::asked);
    return true;
  }

  void wish(verb v, const char* what, int cost) {
    world w = now_;
    if (!command(w, v, 0))
      return;
    w.wishes -= cost;
    add(w, what, cause::wish);
  }

  void wishes() {
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

  void pass_deadline() {
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

  /// All events of the order so far; without the rule only those of its present state.
  void republish(world& w) {
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

  // The payment service.

  /// The charge reaches the gateway, which has its own mind unless it knows the key.
  template <class Then>
  void charge(const attempt_world& a, Then then) {
    attempt_world after = a;
    if (!is(a, books::untouched))
      return then(after, "charge repeated");
    after.gateway = static_cast<uint8_t>(books::captured);
    then(after, "captured");
    after.gateway = static_cast<uint8_t>(books::declined);
    then(after, "declined");
  }

  void replace(int i, attempt_world a, const char* what, cause why) {
    if (!is(a, books::untouched))
      a.late = 0; // the key is known: a late request moves nothing any more
    world w = now_;
    w.attempts[i] = a;
    add(w, what, why);
  }

  void work(int i) {
    const auto& a = now_.attempts[i];
    auto gone = a;
    gone.at = static_cast<uint8_t>(worker::none);
    if (is(a, worker::asked)) {
      begin(i);
      replace(i, gone, "worker crashes before it begins", cause::fault);
    } else if (is(a, worker::begun)) {
      charge(a, [&](attempt_world after, const char* what) {
        replace(i, after, "the gateway's answer is lost", cause::fault);
        after.at = static_cast<uint8_t>(worker::answered);
        replace(i, after, what, cause::due);
      });
      replace(i, gone, "worker crashes before it calls the gateway", cause::fault);
      gone.late = 1;
      give_up(i, gone);
    } else if (is(a, worker::answered)) {
      commit_answer(i, gone);
      replace(i, gone, "worker crashes before it commits the answer", cause::fault);
    }
    if (a.late)
      charge(a, [&](attempt_world after, const char*) {
        after.late = 0;
        replace(i, after, "a late charge reaches the gateway", cause::fault);
      });
  }

  void begin(int i) {
    auto a = now_.attempts[i];
    if (decide_charge(known(a)) != charge_ruling::start)
      violation_ = "an attempt was begun twice";
    a.row = static_cast<uint8_t>(attempt_status::pending);
    a.at = static_cast<uint8_t>(worker::begun);
    replace(i, a, "worker begins", cause::due);
  }

  /// It says so to the order; its request may still be on its way, as a crashed one's.
  void give_up(int i, const attempt_world& gone) {
    world w = now_;
    command(w, verb::charge_unknown, i + 1);
    w.attempts[i] = gone;
    if (!is(gone, books::untouched))
      w.attempts[i].late = 0;
    add(w, "worker gives up", cause::fault);
  }

  void commit_answer(int i, attempt_world a) {
    const auto answer = is(a, books::captured)   ? gateway_answer::captured
                        : is(a, books::declined) ? gateway_answer::declined
                                                 : gateway_answer::voided;
    end(a, answer);
    replace(i, a, "worker commits the answer", cause::due);
  }

  static void say(attempt_world& a) { a.telling = std::min(a.telling + 1, 2); }

  /// Commits how an attempt ended, and sends word of it.
  void end(attempt_world& a, gateway_answer answer) {
    const auto next = decide_outcome(static_cast<attempt_status>(a.row), answer);
    if (!next)
      return;
    a.row = static_cast<uint8_t>(*next);
    say(a);
  }

  /// Word of an outcome reaches the order, or is lost with a crash.
  void tell(int i) {
    if (!now_.attempts[i].telling)
      return;
    world w = now_;
    --w.attempts[i].telling;
    add(w, "word of the outcome is lost", cause::fault);
    const auto row = static_cast<attempt_status>(w.attempts[i].row);
    command(w, row == attempt_status::captured ? verb::charged : verb::declined, i + 1);
    add(w, "the order hears the outcome", cause::due);
  }

  gateway_answer void_charge(attempt_world& a) const {
    if (is(a, books::captured))
      return gateway_answer::captured;
    if (is(a, books::declined))
      return gateway_answer::declined;
    if (r_.tombstone) {
      a.gateway = static_cast<uint8_t>(books::tombstone);
      a.late = 0;
    }
    return gateway_answer::voided;
  }

  /// Settles an attempt whose worker is gone. False: there is nothing to do now.
  bool settle(attempt_world& a) {
    switch (decide_settle(known(a), !is(a, worker::none))) {
      case settle_ruling::wait:
        return false;
      case settle_ruling::settled:
        say(a);
        return true;
      case settle_ruling::insert_then_void:
        a.row = static_cast<uint8_t>(attempt_status::pending);
        [[fallthrough]];
      case settle_ruling::void_at_gateway:
        end(a, void_charge(a));
        return true;
    }
    return false;
  }

  void settle_running(const world& touched) {
    const int i = touched.attempt - 1;
    auto a = touched.attempts[i];
    if (a.row == no_row && is(a, worker::none)) {
      auto cut_short = a;
      cut_short.row = static_cast<uint8_t>(attempt_status::pending);
      replace(i, cut_short, "settling crashes after the insert", cause::fault);
    }
    if (a.row == static_cast<uint8_t>(attempt_status::pending) && is(a, worker::none)) {
      auto cut_short = a;
      void_charge(cut_short);
      replace(i, cut_short, "settling crashes after the void", cause::fault);
    }
    if (settle(a))
      replace(i, a, "settled", cause::deadline);
  }

  void refund_all(world& w) {
    for (auto& a : w.attempts) {
      if (a.row == no_row)
        continue;
      if (decide_refund(real_attempt(a)) == refund_ruling::settle_first)
        settle(a);
      const auto now = decide_refund(real_attempt(a));
      if (now == refund_ruling::start)
        a.refund = static_cast<uint8_t>(refund_status::pending);
      else if (now == refund_ruling::answer_again && r_.answer_again)
        emit(w, refunded);
    }
  }

  void sweep_refund(int i) {
    const auto next = decide_refund_outcome(static_cast<refund_status>(now_.attempts[i].refund),
                                            refund_answer::refunded);
    if (!next)
      return;
    world w = now_;
    w.attempts[i].refund = static_cast<uint8_t>(*next);
    emit(w, refunded);
    add(w, "refund", cause::due);
  }

  // Inventory.

  static void move_unit(world& w, movement m) {
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

  void answer(world& w, std::string_view said) {
    if (said == topic::inventory_updated)
      emit(w, updated);
    else if (said == topic::inventory_rejected)
      emit(w, rejected);
    else if (said == topic::inventory_released && r_.stock_released)
      emit(w, released);
  }

  void stock_event(world& w, stock_verb v) {
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

  void take(world& w, kind k) {
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

  void deliver_records() {
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

  const world& now_;
  const rules& r_;
  std::vector<happening>& out_;
  const char* violation_ = nullptr;
};

} // namespace

void happenings(const world& w, const rules& r, std::vector<happening>& out) {
  out.clear();
  steps(w, r, out).all();
}

} // namespace model
