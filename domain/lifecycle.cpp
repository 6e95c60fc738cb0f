#include "domain/lifecycle.hpp"

#include "domain/names.hpp"
#include "domain/order_events.hpp"

#include <algorithm>
#include <iterator>

namespace troupe {

namespace {

using std::chrono::seconds;

constexpr names::table<order_verb_count> verbs = {"pay",
                                                  "charged",
                                                  "declined",
                                                  "charge_unknown",
                                                  "cancel",
                                                  "dispatch",
                                                  "deliver",
                                                  "inventory_updated",
                                                  "inventory_rejected",
                                                  "inventory_released",
                                                  "payment_refunded",
                                                  "deadline"};

/// What a transition does to the payment status.
enum class money : uint8_t { keep, running, paid, failed, owed_back, paid_back };

struct transition {
  order_status from;
  order_verb on;
  order_status to;
  money effect;
};

using st = order_status;
using on = order_verb;

// The only place that knows which step may follow which. All else changes no status.
constexpr transition transitions[] = {
    {st::created, on::pay, st::payment_pending, money::running},
    {st::payment_failed, on::pay, st::payment_pending, money::running},
    {st::payment_pending, on::charged, st::payment_success, money::paid},
    {st::payment_pending, on::declined, st::payment_failed, money::failed},
    {st::payment_success, on::inventory_updated, st::confirmed, money::keep},
    {st::confirmed, on::dispatch, st::dispatched, money::keep},
    {st::dispatched, on::deliver, st::completed, money::keep},

    {st::created, on::cancel, st::cancelled, money::keep},
    {st::payment_failed, on::cancel, st::cancelled, money::keep},
    {st::payment_success, on::cancel, st::cancelled, money::owed_back},
    {st::confirmed, on::cancel, st::cancelled, money::owed_back},

    {st::created, on::inventory_rejected, st::cancelled, money::keep},
    {st::payment_failed, on::inventory_rejected, st::cancelled, money::keep},
    {st::payment_success, on::inventory_rejected, st::cancelled, money::owed_back},

    {st::created, on::deadline, st::cancelled, money::keep},
    {st::payment_failed, on::deadline, st::cancelled, money::keep},

    {st::cancelled, on::payment_refunded, st::cancelled, money::paid_back},
};

constexpr bool leaves(const transition& t, st from) {
  return t.from == from && t.to != from;
}

constexpr bool each_pair_once() {
  for (const auto& a : transitions)
    for (const auto& b : transitions)
      if (&a != &b && a.from == b.from && a.on == b.on)
        return false;
  return true;
}

constexpr bool money_follows_status() {
  return std::all_of(std::begin(transitions), std::end(transitions), [](const transition& t) {
    const bool was_paid = t.from == st::payment_success || t.from == st::confirmed;
    switch (t.effect) {
      case money::running:
        return t.to == st::payment_pending;
      case money::paid:
        return t.to == st::payment_success;
      case money::failed:
        return t.to == st::payment_failed;
      case money::owed_back:
        return was_paid && t.to == st::cancelled;
      case money::paid_back:
        return t.from == st::cancelled && t.to == st::cancelled;
      case money::keep:
        return !(was_paid && t.to == st::cancelled);
    }
    return false;
  });
}

constexpr bool none_leaves(st from) {
  return std::none_of(std::begin(transitions), std::end(transitions),
                      [from](const transition& t) { return leaves(t, from); });
}

static_assert(each_pair_once());
static_assert(money_follows_status());
static_assert(none_leaves(st::completed));
static_assert(none_leaves(st::cancelled));

const transition* find_transition(st from, on verb) {
  const auto* found
      = std::find_if(std::begin(transitions), std::end(transitions),
                     [&](const transition& t) { return t.from == from && t.on == verb; });
  return found == std::end(transitions) ? nullptr : found;
}

constexpr payment_status after(money effect, payment_status now) {
  switch (effect) {
    case money::running:
      return payment_status::pending;
    case money::paid:
      return payment_status::success;
    case money::failed:
      return payment_status::failed;
    case money::owed_back:
      return payment_status::refund_pending;
    case money::paid_back:
      return payment_status::refunded;
    case money::keep:
      break;
  }
  return now;
}

/// `base`, doubled for each round that has passed, up to `longest` (never below `base`).
seconds growing(seconds base, int32_t rounds, seconds longest) {
  constexpr int32_t most_doublings = 20;
  const auto grown = base * (int64_t{1} << std::clamp(rounds, 0, most_doublings));
  return std::max(base, std::min(grown, longest));
}

/// How long the order may stay in `status`; `open`: stock or money of a cancelled one is.
std::optional<seconds> time_in(st status, bool open, int32_t rounds, const deadlines& within) {
  switch (status) {
    case st::created:
    case st::payment_failed:
      return within.unpaid;
    case st::payment_pending:
      return growing(within.payment, rounds, within.longest);
    case st::payment_success:
      return growing(within.confirmation, rounds, within.longest);
    case st::confirmed:
      return within.dispatch;
    case st::dispatched:
      return within.delivery;
    case st::cancelled:
      if (open)
        return growing(within.settlement, rounds, within.longest);
      break;
    case st::completed:
      break;
  }
  return std::nullopt;
}

bool is_open(bool stock_held, payment_status payment) {
  return stock_held || payment == payment_status::refund_pending;
}

/// A step that changes nothing yet.
order_step step_from(const order& o) {
  order_step step;
  step.status = o.status;
  step.payment = o.payment;
  step.attempt = o.attempt;
  step.transaction_id = o.transaction_id;
  step.stock_held = o.stock_held;
  step.rounds = o.rounds;
  return step;
}

void set_deadline(order_step& step, const deadlines& within) {
  step.ttl = time_in(step.status, is_open(step.stock_held, step.payment), step.rounds, within);
}

order_decision advance(const order& o, const transition& t, const order_command& c,
                       const deadlines& within) {
  order_decision d;
  d.what = ruling::step;
  auto& step = d.step.emplace(step_from(o));
  step.status = t.to;
  step.payment = after(t.effect, o.payment);
  step.rounds = 0;
  if (t.on == on::pay) {
    step.attempt = o.attempt + 1;
    d.then = follow_up::charge;
  }
  if (t.effect == money::paid)
    step.transaction_id = c.transaction_id;
  if (t.from != st::cancelled && t.to == st::cancelled)
    step.stock_held = true;
  set_deadline(step, within);
  order_events::tell(step, o, c);
  return d;
}

/// One more round has passed without a change: only the columns move. The first is no news yet,
/// except where nothing but an alarm follows a deadline.
order_decision another_round(const order& o, follow_up then, const deadlines& within) {
  order_decision d;
  d.what = ruling::step;
  d.then = then;
  d.alarm = o.rounds > 0 || o.status == st::confirmed || o.status == st::dispatched;
  auto& step = d.step.emplace(step_from(o));
  step.advances = false;
  step.rounds = o.rounds + 1;
  set_deadline(step, within);
  return d;
}

order_decision stock_is_back(const order& o, const deadlines& within) {
  order_decision d;
  d.what = ruling::step;
  auto& step = d.step.emplace(step_from(o));
  step.advances = false;
  step.stock_held = false;
  set_deadline(step, within);
  return d;
}

order_decision unchanged() {
  return {};
}

order_decision refused(refusal why) {
  order_decision d;
  d.what = ruling::refused;
  d.why = why;
  return d;
}

order_decision dead_letter(const order& o, on verb) {
  order_decision d;
  d.what = ruling::dead_letter;
  d.detail = std::string(to_string(verb)) + " cannot be right for an order in "
             + std::string(to_string(o.status));
  return d;
}

order_decision passed_deadline(const order& o, const deadlines& within) {
  switch (o.status) {
    case st::payment_pending:
      return another_round(o, follow_up::settle, within);
    case st::payment_success:
    case st::cancelled:
      return another_round(o, follow_up::republish, within);
    case st::confirmed:
    case st::dispatched:
      return another_round(o, follow_up::none, within);
    case st::created:
    case st::payment_failed: // these have a transition
    case st::completed:
      break;
  }
  return unchanged();
}

/// Speaks of an attempt, a version or a debt that is no longer the present one.
bool stale(const order& o, const order_command& c) {
  switch (c.verb) {
    case on::charged:
    case on::declined:
    case on::charge_unknown:
      return c.attempt != o.attempt;
    case on::deadline:
      return !o.live || c.version != o.version;
    case on::payment_refunded:
      return o.status == st::cancelled && o.payment != payment_status::refund_pending;
    default:
      return false;
  }
}

/// A command that has no transition from here.
order_decision stay(const order& o, on verb, const deadlines& within) {
  const auto s = o.status;
  switch (verb) {
    case on::pay:
      if (s == st::payment_pending) {
        order_decision d;
        d.what = ruling::join;
        return d;
      }
      return s == st::cancelled ? refused(refusal::order_cancelled) : unchanged();
    case on::cancel:
      if (s == st::payment_pending)
        return refused(refusal::payment_in_progress);
      return s == st::cancelled ? unchanged() : refused(refusal::wrong_state);
    case on::dispatch:
      return s == st::dispatched || s == st::completed ? unchanged()
                                                       : refused(refusal::wrong_state);
    case on::deliver:
      return s == st::completed ? unchanged() : refused(refusal::wrong_state);
    case on::charge_unknown:
      return s == st::payment_pending ? another_round(o, follow_up::none, within) : unchanged();
    case on::inventory_updated:
      return s == st::created || s == st::payment_pending || s == st::payment_failed
                 ? dead_letter(o, verb)
                 : unchanged();
    case on::inventory_released:
      if (s != st::cancelled)
        return dead_letter(o, verb);
      return o.stock_held ? stock_is_back(o, within) : unchanged();
    case on::payment_refunded:
      return dead_letter(o, verb);
    case on::deadline:
      return passed_deadline(o, within);
    case on::charged:
    case on::declined:
    case on::inventory_rejected:
      break;
  }
  return unchanged();
}

} // namespace

std::string_view to_string(order_verb v) {
  return names::name_of(verbs, v);
}

order_step decide_creation(const order& draft, const deadlines& within,
                           const std::string& traceparent) {
  order_step step;
  step.status = st::created;
  step.payment = payment_status::pending;
  step.message = "Order placed";
  step.events = {order_events::created(draft, traceparent)};
  set_deadline(step, within);
  return step;
}

order_decision decide(const order& current, const order_command& command, const deadlines& within) {
  if (stale(current, command))
    return unchanged();
  if (const auto* t = find_transition(current.status, command.verb))
    return advance(current, *t, command, within);
  return stay(current, command.verb, within);
}

order apply(order current, const order_step& step, timestamp at) {
  current.status = step.status;
  current.payment = step.payment;
  current.attempt = step.attempt;
  current.transaction_id = step.transaction_id;
  current.stock_held = step.stock_held;
  current.rounds = step.rounds;
  current.live = step.ttl.has_value();
  if (!step.advances)
    return current;
  if (current.version == 0)
    current.created_at = at;
  ++current.version;
  current.updated_at = at;
  current.history.push_back({step.status, step.payment, at, step.message});
  return current;
}

bool legal(order_standing from, order_standing to) {
  return std::any_of(std::begin(transitions), std::end(transitions), [&](const transition& t) {
    return t.from == from.status && t.to == to.status && after(t.effect, from.payment) == to.payment
           && (t.effect != money::paid_back || from.payment == payment_status::refund_pending);
  });
}

bool legal_beginning(order_standing first) {
  return first.status == st::created && first.payment == payment_status::pending;
}

std::string_view told_by(order_standing reached) {
  switch (reached.status) {
    case st::created:
      return topic::order_created;
    case st::payment_pending:
      return {};
    case st::payment_success:
      return topic::payment_success;
    case st::payment_failed:
      return topic::payment_failed;
    case st::confirmed:
      return topic::notification_requested;
    case st::dispatched:
      return topic::order_dispatched;
    case st::completed:
      return topic::order_completed;
    case st::cancelled:
      return reached.payment == payment_status::refunded ? topic::notification_requested
                                                         : topic::order_cancelled;
  }
  return {};
}

bool settled(const order& o) {
  return o.status == st::completed
         || (o.status == st::cancelled && !is_open(o.stock_held, o.payment));
}

} // namespace troupe
