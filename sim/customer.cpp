#include "sim/customer.hpp"

#include "sim/beside.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

namespace troupe::sim {

namespace {

using namespace std::chrono_literals;
using clock = load_loop::clock;

// Cards of the gateway simulator, docs/payment-gateway.md.
constexpr const char* good_card = "4242424242424242";
constexpr const char* declined_card = "4000000000000002";
constexpr const char* silent_card = "4000000000000119";
constexpr const char* breaking_card = "4000000000000341";

constexpr int most_tries = 8;
constexpr auto command_limit = 15'000ms;

/// Apart for each customer, whatever the others draw.
uint64_t seed_of(uint64_t run, int64_t number) {
  return run * 0x9e3779b97f4a7c15U + static_cast<uint64_t>(number);
}

/// An operator does `step` to each of `orders`, `at_once` of them at a time.
task<> handle(scene& of, shop& desk, const std::vector<order_sight>& orders,
              task<told> (shop::*step)(const std::string&)) {
  const auto at_once = static_cast<size_t>(of.plan.operators.at_once);
  for (size_t i = 0; i < orders.size() && !of.over;) {
    std::deque<beside<told>> under_way;
    for (; i < orders.size() && under_way.size() < at_once; ++i)
      under_way.emplace_back(of.loop, (desk.*step)(orders[i].id));
    for (auto& each : under_way)
      (void)co_await each;
  }
}

} // namespace

popularity::popularity(size_t products, double exponent) {
  double sum = 0;
  sums_.reserve(products);
  for (size_t i = 0; i < products; ++i) {
    sum += std::pow(static_cast<double>(i + 1), -exponent);
    sums_.push_back(sum);
  }
}

size_t popularity::draw(chance& dice) const {
  const auto at = std::upper_bound(sums_.begin(), sums_.end(), dice.unit() * sums_.back());
  return std::min(static_cast<size_t>(at - sums_.begin()), sums_.size() - 1);
}

customer::customer(scene& of, const popularity& taste, int64_t number)
    : scene_(of), taste_(taste), dice_(seed_of(of.seed, number)), shop_(of, of.user(number)) {}

task<> customer::visit(load_loop::time_point intended) {
  shop_.due(intended);
  ++visits_;
  order_ = {};
  co_await browse();
  if (scene_.over)
    co_return;
  const bool ordered = co_await order_something();
  if (!ordered)
    co_return;
  const bool leaves = happens(scene_.plan.customers.leave_percent);
  const bool regrets = happens(scene_.plan.customers.cancel_percent);
  co_await think();
  if (!leaves)
    co_await pay();
  if (regrets)
    co_await regret();
  co_await follow();
}

task<> customer::keep_coming() {
  while (!scene_.over) {
    co_await visit(clock::now());
    co_await think();
  }
}

task<> customer::browse() {
  for (int64_t page = 0; page < scene_.plan.customers.pages && !scene_.over; ++page) {
    if (page == 0)
      co_await shop_.list_products();
    else
      co_await shop_.look_at_product(scene_.products[taste_.draw(dice_)].id);
    co_await think();
  }
}

/// An exponential pause, as people make them, of at most ten times its mean.
task<> customer::think() {
  const auto mean = scene_.plan.customers.think_ms;
  const auto drawn = -std::log1p(-dice_.unit()) * static_cast<double>(mean);
  co_await shop_.rest(scene_.plan.paced(std::min(static_cast<int64_t>(drawn), 10 * mean)));
}

/// Not scaled by the speed: it is the server that needs the time.
task<> customer::try_again_later(int tries) {
  co_await shop_.rest(std::min(200ms * (1 << std::min(tries, 4)), 3000ms)
                      + milliseconds(dice_.below(100)));
}

customer::milliseconds customer::patience() {
  return happens(scene_.plan.customers.give_up_percent) ? milliseconds(dice_.between(1, 50))
                                                        : command_limit;
}

std::string customer::new_key() {
  if (happens(scene_.plan.customers.keyless_percent))
    return {};
  return shop_.user() + "-k" + std::to_string(++keys_);
}

std::vector<sighted_line> customer::choose() {
  std::vector<sighted_line> lines;
  const auto wanted = dice_.between(1, static_cast<int>(scene_.plan.catalogue.most_lines));
  lines.reserve(static_cast<size_t>(wanted));
  for (int i = 0; i < wanted; ++i) {
    const auto& product = scene_.products[taste_.draw(dice_)];
    const bool has = std::any_of(lines.begin(), lines.end(), [&](const sighted_line& line) {
      return line.product == product.id;
    });
    const auto pieces = dice_.between(1, static_cast<int>(scene_.plan.catalogue.most_pieces));
    if (!has)
      lines.push_back({product.id, pieces, product.price});
  }
  return lines;
}

/// One order, however often it is asked for: with a key surely, without one as far as the answers
/// come. False: there is none, or nobody told.
task<bool> customer::order_something() {
  shop::order_wish wanted;
  wanted.reference = std::string("w").append(std::to_string(visits_));
  wanted.lines = choose();
  wanted.keyed = !happens(scene_.plan.customers.keyless_percent);
  const bool twice = wanted.keyed && happens(scene_.plan.customers.double_click_percent);
  for (int tries = 0; tries < most_tries; ++tries) {
    const auto limit = tries == 0 ? patience() : command_limit;
    shop::placed answer;
    if (twice && tries == 0) {
      beside<shop::placed> other(scene_.loop, shop_.place(wanted, command_limit));
      answer = co_await shop_.place(wanted, limit);
      const auto second = co_await other;
      if (answer.how != told::done)
        answer = second;
    } else {
      answer = co_await shop_.place(wanted, limit);
    }
    order_.id = answer.order;
    if (answer.how != told::unknown)
      co_return answer.how == told::done;
    if (scene_.over)
      co_return false;
    co_await try_again_later(tries);
  }
  co_return false;
}

/// Until it is paid, or nothing helps: a declined card is followed by a good one.
task<> customer::pay() {
  const auto& shares = scene_.plan.customers;
  const auto drawn = dice_.below(100);
  if (drawn < shares.decline_percent) {
    const auto answer = co_await try_to_pay(declined_card, false);
    if (answer == told::refused || scene_.over)
      co_return;
    co_await think();
  } else if (drawn < shares.decline_percent + shares.timeout_percent) {
    (void)co_await try_to_pay(silent_card, false);
    co_return; // voided after a while; whoever follows sees it fail
  } else if (drawn < shares.decline_percent + shares.timeout_percent + shares.break_percent) {
    (void)co_await try_to_pay(breaking_card, true);
    co_return;
  }
  (void)co_await try_to_pay(good_card, true);
}

/// With one card and one key until there is an answer.
task<told> customer::try_to_pay(std::string card, bool chargeable) {
  shop::payment what;
  what.order = order_.id;
  what.card = std::move(card);
  what.chargeable = chargeable;
  what.key = new_key();
  const bool twice = happens(scene_.plan.customers.double_click_percent);
  shop::paid answer;
  for (int tries = 0; tries < most_tries; ++tries) {
    const auto limit = tries == 0 ? patience() : command_limit;
    if (twice && tries == 0) {
      beside<shop::paid> other(scene_.loop, shop_.pay(what, command_limit));
      answer = co_await shop_.pay(what, limit);
      const auto second = co_await other;
      if (answer.how != told::done)
        answer = second;
    } else {
      answer = co_await shop_.pay(what, limit);
    }
    if (answer.how != told::unknown || scene_.over)
      break;
    co_await try_again_later(tries);
  }
  co_return answer.how;
}

task<> customer::regret() {
  const auto key = new_key();
  for (int tries = 0; tries < most_tries; ++tries) {
    const auto limit = tries == 0 ? patience() : command_limit;
    const auto answer = co_await shop_.cancel(order_.id, key, limit);
    if (answer != told::unknown || scene_.over)
      co_return;
    co_await try_again_later(tries);
  }
}

bool customer::stays(load_loop::time_point until) const {
  return !scene_.over && !order_.ended() && clock::now() < until;
}

task<> customer::follow() {
  const auto& shares = scene_.plan.customers;
  const auto drawn = dice_.below(100);
  if (drawn < shares.stream_percent)
    co_await listen();
  else
    co_await poll(drawn < shares.stream_percent + shares.long_poll_percent);
  // At the end of the load a few look at everything (final_check.hpp); here all would, at once.
  if (scene_.over)
    co_return;
  (void)co_await shop_.look(order_, 0s);
  co_await shop_.list_notifications(20);
}

task<> customer::poll(bool waits) {
  const auto& often = scene_.plan.customers;
  const auto poll_pause = scene_.plan.paced(often.poll_ms);
  const auto news_pause = scene_.plan.paced(often.notifications_ms);
  const auto until = clock::now() + scene_.plan.paced(often.patience_s * 1000);
  const auto wait = std::chrono::ceil<std::chrono::seconds>(poll_pause);
  auto next_news = clock::now() + news_pause;
  // Not all at once: whoever came together does not look together.
  co_await shop_.rest(poll_pause * dice_.below(1000) / 1000);
  while (stays(until)) {
    const bool answered = co_await shop_.look(order_, waits ? wait : 0s);
    if (clock::now() >= next_news) {
      co_await shop_.list_notifications(20);
      next_news += news_pause;
    }
    if (stays(until))
      co_await shop_.rest(waits && answered ? 10ms : poll_pause);
  }
}

/// By the streams of the order and of the notifications. The first is broken off once, and resumed;
/// so is any that ends before the order does.
task<> customer::listen() {
  const auto until = clock::now() + scene_.plan.paced(scene_.plan.customers.patience_s * 1000);
  int tries = 0;
  int events_left = dice_.between(1, 3); // then it is broken off
  std::optional<int64_t> place;
  while (stays(until)) {
    int known = scene_.book.version_of(order_.id); // at most until the first event
    auto orders = co_await shop_.follow(order_);
    auto news = co_await shop_.follow_notifications(place);
    while (stays(until) && !orders.ended() && !news.ended() && events_left != 0) {
      auto change = orders.next(clock::now() + 500ms);
      const auto event = co_await change;
      if (event) {
        shop_.take(order_, *event, std::exchange(known, 0));
        --events_left;
      }
      auto told = news.next(clock::now());
      for (auto note = co_await told; note; note = co_await told)
        place = shop_.take_notification(*note, place.value_or(0));
    }
    events_left = -1;
    if (stays(until))
      co_await try_again_later(tries);
    ++tries;
  }
}

task<> come_once(scene& of, const popularity& taste, int64_t number,
                 load_loop::time_point intended) {
  customer who(of, taste, number);
  co_await who.visit(intended);
}

task<> keep_coming(scene& of, const popularity& taste, int64_t number,
                   load_loop::time_point first) {
  co_await of.loop.sleep_until(first);
  customer who(of, taste, number);
  co_await who.keep_coming();
}

task<> work_as_operator(scene& of, int64_t index, int64_t count) {
  shop desk(of, "operator");
  const auto not_mine = [index, count](const order_sight& order) {
    return std::hash<std::string>{}(order.id) % static_cast<size_t>(count)
           != static_cast<size_t>(index);
  };
  const auto batch = static_cast<int>(of.plan.operators.batch);
  while (!of.over) {
    auto confirmed = co_await desk.list_orders(order_status::confirmed, batch);
    std::erase_if(confirmed, not_mine);
    co_await handle(of, desk, confirmed, &shop::dispatch);
    auto dispatched = co_await desk.list_orders(order_status::dispatched, batch);
    std::erase_if(dispatched, not_mine);
    co_await handle(of, desk, dispatched, &shop::deliver);
    co_await desk.rest(of.plan.paced(of.plan.operators.pause_ms));
  }
}

} // namespace troupe::sim
