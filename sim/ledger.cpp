#include "sim/ledger.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace troupe::sim {

namespace {

std::string money(cents amount) {
  return fmt::format("{}.{:02}", amount / 100, amount % 100);
}

std::string quoted(int version) {
  return fmt::format("\"{}\"", version);
}

/// The field of the essence that differs.
std::string changed_field(const order_essence& was, const order_essence& is) {
  if (was.user != is.user)
    return fmt::format("userId was {}, is {}", was.user, is.user);
  if (was.lines != is.lines)
    return fmt::format("items were [{}], are [{}]", text_of(was.lines), text_of(is.lines));
  if (was.items != is.items)
    return "an item's id, name or picture has changed";
  if (was.total != is.total)
    return fmt::format("totalAmount was {}, is {}", money(was.total), money(is.total));
  if (was.created_at != is.created_at)
    return fmt::format("createdAt was {}, is {}", was.created_at, is.created_at);
  return "shippingAddress has changed";
}

} // namespace

std::string contradiction(const order_facts& facts, const order_sight& s) {
  if (facts.history.empty()) // nothing seen yet
    return {};
  if (facts.essence != s.essence)
    return changed_field(facts.essence, s.essence);
  const auto common = std::min(facts.history.size(), s.history.size());
  for (size_t i = 0; i < common; ++i)
    if (facts.history[i] != s.history[i])
      return fmt::format(
          "entry {} of its history was {}, is {}{}", i + 1, to_string(facts.history[i].status),
          to_string(s.history[i].status),
          facts.history[i].status == s.history[i].status ? " with another time or message" : "");
  return {};
}

std::optional<notification_sight> read_notification(const nlohmann::json& n) {
  try {
    notification_sight s;
    s.id = n.at("id").get<std::string>();
    s.title = n.at("title").get<std::string>();
    s.order = n.at("orderId").is_null() ? "" : n.at("orderId").get<std::string>();
    s.digest = std::hash<std::string>{}(
        s.order + '\n' + s.title + '\n' + n.at("type").get<std::string>() + '\n'
        + n.at("message").get<std::string>() + '\n' + n.at("createdAt").get<std::string>());
    return s;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

void ledger::add(violation v) {
  const auto digest
      = std::hash<std::string>{}(v.promise + '\n' + v.user + '\n' + v.order + '\n' + v.what);
  if (told_.insert(digest).second && violations_.size() < most_violations)
    violations_.push_back(std::move(v));
}

void ledger::add(const char* promise, const std::string& order, std::string what) {
  const auto* facts = find(order);
  add({promise, facts == nullptr ? "" : facts->essence.user, order, std::move(what)});
}

const order_facts* ledger::find(const std::string& order) const {
  const auto found = orders_.find(order);
  return found == orders_.end() ? nullptr : &found->second;
}

wish& ledger::sending(const std::string& user, const std::string& reference,
                      std::vector<sighted_line> lines, bool keyed) {
  auto& w = users_[user].wishes[reference];
  w.lines = std::move(lines);
  w.keyed = keyed;
  ++w.sent;
  return w;
}

void ledger::created(const std::string& user, const std::string& reference, const order_sight& s,
                     const std::string& etag, bool replayed) {
  auto& facts = users_[user];
  auto& w = facts.wishes[reference];
  w.ids.insert(s.id);
  facts.orders.insert(s.id);
  if (s.essence.user != user || s.essence.reference != reference || s.essence.lines != w.lines)
    add("order changed", s.id,
        fmt::format("asked for [{}] as {}, {}; answered with [{}] of {}, {}", text_of(w.lines),
                    user, reference, text_of(s.essence.lines), s.essence.user,
                    s.essence.reference));
  if (w.keyed && w.ids.size() > 1)
    add("one order a key", s.id, fmt::format("the key of {} gave another order before", reference));
  // A stored answer is as old as the key: it only has to be a beginning of what is known.
  saw(s, replayed ? 0 : version_of(s.id), etag, "POST /orders");
}

int ledger::version_of(const std::string& order) const {
  const auto* facts = find(order);
  return facts == nullptr ? 0 : facts->version();
}

void ledger::saw(const order_sight& s, int known, const std::string& etag, const char* where) {
  auto& facts = orders_[s.id];
  if (auto why = flaw_of(s); !why.empty())
    add("illegal order", s.id, fmt::format("{}: {}", where, why));
  if (!etag.empty() && etag != quoted(s.version))
    add("ETag lie", s.id, fmt::format("{}: ETag {} of version {}", where, etag, s.version));
  if (s.version < known)
    add("version went back", s.id,
        fmt::format("{}: version {}, after {} was seen", where, s.version, known));
  if (auto why = contradiction(facts, s); !why.empty())
    add("order changed", s.id, fmt::format("{}: {}", where, why));
  else
    learn(facts, s);
}

void ledger::learn(order_facts& facts, const order_sight& s) {
  if (s.history.size() < facts.history.size())
    return;
  facts.essence = s.essence;
  facts.payment = s.payment;
  facts.history = s.history;
}

void ledger::not_modified(const std::string& order, int asked, int known, const std::string& etag) {
  if (etag != quoted(asked))
    add("ETag lie", order, fmt::format("304 with ETag {} to \"{}\"", etag, asked));
  if (asked < known)
    add("ETag lie", order, fmt::format("304 to version {}, after {} was seen", asked, known));
}

void ledger::saw_again(const std::string& order, int asked) {
  add("ETag lie", order, fmt::format("200 with version {}, which the client has", asked));
}

void ledger::missing(const std::string& order, const char* where) {
  add("lost answer", order, fmt::format("{}: 404 for an acknowledged order", where));
}

void ledger::streamed(const order_sight& s, int64_t id, int before, int known) {
  if (id != s.version)
    add("stream gap", s.id, fmt::format("event {} carries version {}", id, s.version));
  if (s.version <= before)
    add("stream gap", s.id, fmt::format("version {} after version {}", s.version, before));
  saw(s, known, "", "stream");
}

void ledger::paying(const std::string& order, bool chargeable) {
  auto& facts = orders_[order];
  ++facts.pays_sent;
  facts.chargeable_sent += chargeable ? 1 : 0;
}

void ledger::paid(const std::string& order, bool success, const std::string& transaction) {
  auto& facts = orders_[order];
  if (!success) {
    facts.declined = true;
    return;
  }
  facts.paid = true;
  if (!facts.transaction.empty() && facts.transaction != transaction)
    add("paid twice", order,
        fmt::format("transaction {} after {}", transaction, facts.transaction));
  facts.transaction = transaction;
}

void ledger::cancelled(const order_sight& s) {
  orders_[s.id].cancelled = true;
  if (s.status != order_status::cancelled)
    add("lost answer", s.id, fmt::format("cancelled with 200, and is {}", to_string(s.status)));
}

void ledger::notified(const std::string& user, const nlohmann::json& n) {
  const auto s = read_notification(n);
  if (!s)
    return unreadable(user, "", "a notification");
  const auto [known, fresh] = users_[user].notifications.emplace(s->id, s->digest);
  if (!fresh && known->second != s->digest)
    add({"notification changed", user, s->order, s->id + " " + s->title});
}

void ledger::notified_by_stream(const std::string& user, const nlohmann::json& n, int64_t place,
                                int64_t before) {
  notified(user, n);
  const auto s = read_notification(n);
  if (!s)
    return;
  if (place <= before)
    add({"stream gap", user, s->order,
         fmt::format("notification at place {} after {}", place, before)});
  users_[user].streamed.push_back(s->id);
}

void ledger::unreadable(const std::string& user, const std::string& order, const char* where) {
  add({"unreadable answer", user, order, where});
}

} // namespace troupe::sim
