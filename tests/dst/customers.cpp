#include "tests/dst/customers.hpp"

#include <algorithm>
#include <utility>

namespace troupe::dst {

namespace {

constexpr const char* good_card = "4242424242424242";
constexpr const char* declining_card = "4000000000000002";
/// After this many failures in a row, or steps, a customer leaves.
constexpr int patience = 12;
constexpr int longest_visit = 40;

std::string standing_of(const order& o) {
  return std::string(to_string(o.status)) + "/" + std::string(to_string(o.payment)) + " v"
         + std::to_string(o.version);
}

} // namespace

customers::customers(world& in, int count, std::chrono::milliseconds span) : in_(in) {
  all_.resize(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i)
    add(i, span);
}

void customers::add(int number, std::chrono::milliseconds span) {
  auto& c = all_[static_cast<size_t>(number)];
  c.name = "c" + std::to_string(number);
  c.draft.user_id = "user-" + c.name;
  c.draft.shipping_address = R"({"street":"1 Main"})";
  const int lines = in_.dice.between(1, 2);
  const int first = in_.dice.below(8);
  for (int i = 0; i < lines; ++i) {
    const auto& p = in_.stock->products.at("p" + std::to_string((first + i) % 8)).what;
    const auto quantity = in_.dice.between(1, 3);
    c.draft.lines.push_back(
        {"l" + std::to_string(i) + c.name, p.id, quantity, p.price, p.name, ""});
    c.draft.total += p.price * quantity;
  }
  come_back(static_cast<size_t>(number),
            std::chrono::milliseconds(in_.dice.below(static_cast<int>(span.count()))));
}

bool customers::all_done() const {
  return std::all_of(all_.begin(), all_.end(), [](const customer& c) { return c.done; });
}

void customers::come_back(size_t who, std::chrono::milliseconds delay) {
  in_.later(delay, [this, who] { act(who); });
}

void customers::act(size_t who) {
  auto& c = all_[who];
  if (++c.steps > longest_visit || c.tries > patience) {
    c.done = true;
    return;
  }
  if (!in_.door()) { // nobody listens on the port
    ++c.tries;
    return come_back_soon(who);
  }
  if (!c.seen)
    return create(who);
  act_on_order(who);
}

void customers::act_on_order(size_t who) {
  auto& c = all_[who];
  const int mood = in_.dice.below(100);
  switch (c.seen->status) {
    case order_status::created:
    case order_status::payment_failed:
      if (mood < 8 || c.payments > 3) {
        c.done = true; // it expires
        return;
      }
      if (mood < 18)
        return command(who, order_verb::cancel);
      ++c.payments;
      return command(who, order_verb::pay, in_.dice.percent(80) ? good_card : declining_card);
    case order_status::payment_pending:
    case order_status::payment_success:
      if (mood < 12)
        return command(who, order_verb::cancel);
      return mood < 20 ? command(who, order_verb::pay, good_card) : look(who);
    case order_status::confirmed:
      if (mood < 20)
        return command(who, order_verb::cancel);
      if (mood < 80)
        return command(who, order_verb::dispatch);
      break;
    case order_status::dispatched:
      return command(who, order_verb::deliver);
    case order_status::completed:
    case order_status::cancelled:
      break;
  }
  c.done = true;
}

void customers::create(size_t who) {
  auto& c = all_[who];
  create_request request;
  request.draft = c.draft;
  request.draft.id = c.name + "-" + std::to_string(++c.creations);
  request.key = idempotency{c.draft.user_id + " POST /orders " + c.name, "body of " + c.name};
  ++open_;
  in_.outside()
      ->request(in_.door(), caf::infinite, request)
      .then([this, who](const create_answer& a) { created(who, a); },
            [this, who](const caf::error& e) { refused(who, "create", e); });
}

void customers::created(size_t who, const create_answer& answer) {
  --open_;
  auto& c = all_[who];
  c.tries = 0;
  if (!c.order_id.empty() && c.order_id != answer.now.id)
    complain(c, "one key, one order", c.order_id + " and " + answer.now.id);
  c.order_id = answer.now.id;
  in_.note(c.order_id, c.name + " has created it: " + standing_of(answer.now));
  remember(c, answer.now, 1);
  if (in_.dice.percent(5)) { // the answer was lost on its way: the same again
    c.seen.reset();
    ++c.steps;
  }
  come_back_soon(who);
}

void customers::look(size_t who) {
  auto& c = all_[who];
  ++open_;
  in_.outside()
      ->request(in_.door(), caf::infinite, view_atom::value, c.order_id, c.draft.user_id)
      .then(
          [this, who, known = c.known](const order& now) {
            remember(all_[who], now, known);
            answered(who, now);
          },
          [this, who](const caf::error& e) { refused(who, "view", e); });
}

void customers::command(size_t who, order_verb verb, const std::string& card) {
  auto& c = all_[who];
  order_request request;
  request.order_id = c.order_id;
  request.command.verb = verb;
  if (verb == order_verb::pay || verb == order_verb::cancel)
    request.user_id = c.draft.user_id;
  request.card_number = card;
  if (in_.dice.percent(5))
    send(who, request, false); // a second click
  send(who, request, true);
}

void customers::send(size_t who, const order_request& request, bool listens) {
  ++open_;
  const auto known = all_[who].known;
  in_.outside()
      ->request(in_.door(), caf::infinite, request)
      .then(
          [this, who, known, listens, verb = request.command.verb](const order_answer& a) {
            auto& c = all_[who];
            in_.note(c.order_id, c.name + " is told " + standing_of(a.now) + " on "
                                     + std::string(to_string(verb)));
            remember(c, a.now, known);
            if (listens)
              answered(who, a.now);
            else
              --open_;
          },
          [this, who, listens, verb = request.command.verb](const caf::error& e) {
            if (listens)
              refused(who, to_string(verb), e);
            else
              --open_;
          });
}

void customers::answered(size_t who, order now) {
  --open_;
  auto& c = all_[who];
  c.tries = 0;
  c.seen = std::move(now);
  come_back_soon(who);
}

void customers::refused(size_t who, std::string_view what, const caf::error& why) {
  --open_;
  auto& c = all_[who];
  const auto f = fault_of(why);
  in_.note(c.order_id,
           c.name + " is refused " + std::string(what) + ": " + std::string(to_string(f)));
  if (f == fault::busy)
    in_.faults.happened(mishap::busy);
  switch (f) {
    case fault::wrong_state: // the order has gone on: look again
    case fault::payment_in_progress:
    case fault::order_cancelled:
      if (c.order_id.empty())
        break;
      return in_.door() ? look(who) : come_back_soon(who);
    case fault::busy:
    case fault::unavailable:
    case fault::not_owner:
    case fault::quarantined:
    case fault::internal:
      ++c.tries;
      return come_back_soon(who);
    default:
      break;
  }
  complain(c, "a clear answer", std::string(what) + ": " + std::string(to_string(f)));
  c.done = true;
}

/// `at_least`: the version that this customer knew when it asked.
void customers::remember(customer& c, const order& now, int32_t at_least) {
  if (now.version < at_least)
    complain(c, "what was told stays true",
             "version " + std::to_string(now.version) + " after " + std::to_string(at_least));
  c.answers.push_back({now.version, {now.status, now.payment}});
  c.known = std::max(c.known, now.version);
  if (!c.seen || c.seen->version <= now.version)
    c.seen = now;
}

void customers::complain(const customer& c, const std::string& promise, const std::string& detail) {
  complaints_.push_back({promise, c.order_id, detail});
}

} // namespace troupe::dst
