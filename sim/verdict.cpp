#include "sim/verdict.hpp"

#include "domain/lifecycle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace troupe::sim {

namespace {

using st = order_status;

int64_t entries(const order_sight& s, st status) {
  return std::count_if(s.history.begin(), s.history.end(),
                       [&](const sighted_row& row) { return row.status == status; });
}

/// The titles of what a customer is told about this history, one each; as actors/notices.cpp and
/// domain/order_events.cpp word them.
std::map<std::string, int> titles_due(const order_sight& s) {
  std::map<std::string, int> due;
  bool cancelled = false;
  for (const auto& row : s.history) {
    switch (row.status) {
      case st::created:
        ++due["Order received"];
        break;
      case st::payment_pending:
        break;
      case st::payment_success:
        ++due["Payment received"];
        break;
      case st::payment_failed:
        ++due["Payment failed"];
        break;
      case st::confirmed:
        ++due["Order confirmed"];
        break;
      case st::dispatched:
        ++due["Order dispatched"];
        break;
      case st::completed:
        ++due["Order delivered"];
        break;
      case st::cancelled:
        ++due[std::exchange(cancelled, true) ? "Refund completed" : "Order cancelled"];
        break;
    }
  }
  return due;
}

class user_judge {
public:
  user_judge(const ledger& book, const std::string& user, const final_answers& now)
      : book_(book), user_(user), now_(now) {
    const auto found = book.users().find(user);
    if (found != book.users().end())
      facts_ = &found->second;
    for (const auto& s : now.listed)
      sights_.emplace(s.id, &s);
    for (const auto& [id, s] : now.asked)
      if (s)
        sights_.insert_or_assign(id, &*s);
  }

  std::vector<violation> judge() {
    if (facts_ == nullptr)
      return {};
    look_for_the_lost();
    look_at_wishes();
    for (const auto& [id, s] : sights_) {
      look_at_payment(*s);
      look_at_rest(*s);
    }
    look_at_notifications();
    look_at_stream();
    return std::move(found_);
  }

private:
  void add(const char* promise, const std::string& order, std::string what, bool may_heal = false) {
    found_.push_back({promise, user_, order, std::move(what), may_heal});
  }

  void look_for_the_lost() {
    std::set<std::string> listed;
    for (const auto& s : now_.listed)
      if (!listed.insert(s.id).second)
        add("double order", s.id, "twice in GET /orders");
    for (const auto& id : facts_->orders) {
      const auto asked = now_.asked.find(id);
      if (asked == now_.asked.end() || !asked->second)
        add("lost answer", id, "GET /orders/:id does not know this acknowledged order");
      if (!listed.contains(id))
        add("lost answer", id, "GET /orders does not list this acknowledged order");
    }
  }

  /// By the reference in its address, each order belongs to one wish.
  void look_at_wishes() {
    std::map<std::string, std::vector<const order_sight*>> by_reference;
    for (const auto& [id, s] : sights_)
      by_reference[s->essence.reference].push_back(s);
    for (const auto& [reference, orders] : by_reference) {
      const auto found = facts_->wishes.find(reference);
      if (found == facts_->wishes.end()) {
        for (const auto* s : orders)
          add("order from nowhere", s->id, "nobody asked for it");
        continue;
      }
      look_at_wish(reference, found->second, orders);
    }
  }

  void look_at_wish(const std::string& reference, const wish& w,
                    const std::vector<const order_sight*>& orders) {
    const auto most = w.keyed ? size_t{1} : w.ids.size() + static_cast<size_t>(w.unknown);
    for (const auto* s : orders) {
      if (s->essence.lines != w.lines)
        add("order changed", s->id,
            fmt::format("asked for [{}], is [{}]", text_of(w.lines), text_of(s->essence.lines)));
      if (orders.size() > most)
        add(w.keyed ? "one order a key" : "order from nowhere", s->id,
            fmt::format("{} orders of {} {} of {}", orders.size(), w.sent,
                        w.keyed ? "tries with one key" : "tries", reference));
    }
  }

  void look_at_payment(const order_sight& s) {
    const auto* facts = book_.find(s.id);
    if (facts == nullptr)
      return;
    const bool was_paid = entries(s, st::payment_success) > 0;
    if (facts->paid && !was_paid)
      add("lost answer", s.id, "a payment was acknowledged, and is not in its history");
    if (facts->declined && entries(s, st::payment_failed) == 0)
      add("lost answer", s.id, "a decline was acknowledged, and is not in its history");
    if (facts->cancelled && s.status != st::cancelled)
      add("lost answer", s.id, "a cancellation was acknowledged, and it is not cancelled");
    if (was_paid && facts->chargeable_sent == 0)
      add("charged for nothing", s.id, "paid, and nobody sent a card that can be charged");
    if (entries(s, st::payment_pending) > facts->pays_sent)
      add("charged for nothing", s.id,
          fmt::format("{} attempts of {} requests to pay", entries(s, st::payment_pending),
                      facts->pays_sent));
  }

  void look_at_rest(const order_sight& s) {
    if (!quiet(s))
      add("stuck order", s.id,
          fmt::format("still {} ({})", to_string(s.status), to_string(s.payment)), true);
    const auto listed = std::find_if(now_.listed.begin(), now_.listed.end(),
                                     [&](const order_sight& o) { return o.id == s.id; });
    if (listed != now_.listed.end() && listed->version != s.version)
      add("two answers", s.id,
          fmt::format("listed with version {}, asked for it is {}", listed->version, s.version),
          true);
  }

  void look_at_notifications() {
    std::map<std::pair<std::string, std::string>, int> told; // by order and title
    std::set<std::string> ids;
    for (const auto& n : now_.notifications) {
      if (!ids.insert(n.id).second)
        add("double notification", n.order, n.id + " is twice in GET /notifications");
      ++told[{n.order, n.title}];
      const auto known = facts_->notifications.find(n.id);
      if (known != facts_->notifications.end() && known->second != n.digest)
        add("notification changed", n.order, n.id + " " + n.title);
    }
    for (const auto& [id, digest] : facts_->notifications)
      if (!ids.contains(id))
        add("missing notification", "", id + " was told, and is gone");
    for (const auto& [id, s] : sights_)
      for (const auto& [title, count] : titles_due(*s))
        compare(id, title, std::exchange(told[{id, title}], 0), count);
    for (const auto& [what, count] : told)
      if (count > 0)
        add("double notification", what.first, "of nothing that has happened: " + what.second);
  }

  void compare(const std::string& order, const std::string& title, int told, int due) {
    if (told < due)
      add("missing notification", order, fmt::format("\"{}\" {} of {} times", title, told, due),
          true);
    if (told > due)
      add("double notification", order, fmt::format("\"{}\" {} times for {}", title, told, due));
  }

  /// A stream misses nothing between its first notification and its last, whatever broke it.
  void look_at_stream() {
    const auto& streamed = facts_->streamed;
    if (streamed.empty())
      return;
    std::vector<std::string> all;
    all.reserve(now_.notifications.size());
    std::for_each(now_.notifications.rbegin(), now_.notifications.rend(),
                  [&](const notification_sight& n) { all.push_back(n.id); });
    auto at = std::find(all.begin(), all.end(), streamed.front());
    for (const auto& id : streamed) {
      if (at == all.end() || *at != id) {
        add("stream gap", "", "notification " + id + " is not what follows the one before");
        return;
      }
      ++at;
    }
  }

  const ledger& book_;
  const std::string& user_;
  const final_answers& now_;
  const user_facts* facts_ = nullptr;
  std::map<std::string, const order_sight*> sights_;
  std::vector<violation> found_;
};

} // namespace

bool quiet(const order_sight& s) {
  return s.status != st::payment_pending && s.status != st::payment_success
         && !(s.status == st::cancelled && s.payment == payment_status::refund_pending);
}

std::vector<violation> judge_user(const ledger& book, const std::string& user,
                                  const final_answers& now) {
  return user_judge(book, user, now).judge();
}

std::vector<violation> judge_stock(const std::map<std::string, product_count>& before,
                                   const std::map<std::string, product_count>& after,
                                   const ledger& book) {
  std::map<std::string, product_count> ordered;
  for (const auto& [id, facts] : book.orders()) {
    const auto status = facts.history.empty() ? st::cancelled : facts.history.back().status;
    const bool sold
        = status == st::confirmed || status == st::dispatched || status == st::completed;
    for (const auto& line : facts.essence.lines) {
      auto& sum = ordered[line.product];
      (sold ? sum.sold : status == st::cancelled ? sum.stock : sum.reserved) += line.quantity;
    }
  }
  std::vector<violation> found;
  for (const auto& [id, was] : before) {
    const auto listed = after.find(id);
    if (listed == after.end()) {
      found.push_back({"stock", "", "", id + " is not in GET /inventory any more"});
      continue;
    }
    const auto& is = listed->second;
    const auto& due = ordered[id];
    if (is.stock < 0 || is.reserved < 0 || is.sold != was.sold + due.sold
        || is.reserved != was.reserved + due.reserved
        || is.stock + is.reserved + is.sold != was.stock + was.reserved + was.sold)
      found.push_back(
          {"stock", "", "",
           fmt::format("{}: stock {}, reserved {}, sold {} before; {}, {}, {} after; our orders "
                       "hold {} and have {}",
                       id, was.stock, was.reserved, was.sold, is.stock, is.reserved, is.sold,
                       due.reserved, due.sold),
           true});
  }
  return found;
}

} // namespace troupe::sim
