#include "tests/dst/checks.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace troupe::dst {

namespace {

bool waits_for_admin(const order& o) {
  return o.status == order_status::confirmed || o.status == order_status::dispatched;
}

bool is_paid(const order& o) {
  return waits_for_admin(o) || o.status == order_status::completed
         || o.status == order_status::payment_success;
}

std::string state_of(const order& o) {
  return std::string(to_string(o.status)) + "/" + std::string(to_string(o.payment)) + ", version "
         + std::to_string(o.version) + ", rounds " + std::to_string(o.rounds)
         + (o.stock_held ? ", stock held" : "");
}

/// The event's id, from a record's headers.
std::string id_of(const kafka::fake_bus::stored_record& r) {
  for (const auto& [name, value] : r.headers)
    if (name == "ce_id")
      return std::string(value);
  return {};
}

class audit {
public:
  audit(const world& in, const customers& who) : in_(in), who_(who) {
    for (auto& o : in_.orders->all()) {
      auto id = o.id;
      orders_.emplace(std::move(id), std::move(o));
    }
  }

  std::vector<violation> run() {
    found_ = who_.complaints();
    check_answers();
    check_histories();
    check_money();
    check_stock();
    check_ends();
    check_events();
    check_letters();
    return std::move(found_);
  }

private:
  void found(const char* promise, const std::string& order, std::string detail) {
    found_.push_back({promise, order, std::move(detail)});
  }

  // 1: an acknowledged order is never lost
  void check_answers() {
    if (const auto open = who_.unanswered(); open != 0)
      found("every request is answered", "", std::to_string(open) + " are not");
    for (const auto& c : who_.all()) {
      if (c.order_id.empty())
        continue;
      const auto o = orders_.find(c.order_id);
      if (o == orders_.end()) {
        found("an acknowledged order is never lost", c.order_id, "it is not there");
        continue;
      }
      for (const auto& t : c.answers)
        check_told(o->second, t);
      check_key(c);
    }
  }

  void check_told(const order& o, const told& t) {
    const auto& past = o.history;
    if (t.version < 1 || static_cast<size_t>(t.version) > past.size())
      return found("what was told stays true", o.id,
                   "told version " + std::to_string(t.version) + ", it is " + state_of(o));
    const auto& row = past[static_cast<size_t>(t.version) - 1];
    if (order_standing{row.status, row.payment} != t.standing)
      found("what was told stays true", o.id,
            "version " + std::to_string(t.version) + " was told as "
                + std::string(to_string(t.standing.status)) + ", the history says "
                + std::string(to_string(row.status)));
  }

  /// One key, one order.
  void check_key(const customer& c) {
    int made = 0;
    for (int i = 1; i <= c.creations; ++i)
      made += orders_.contains(c.name + "-" + std::to_string(i)) ? 1 : 0;
    if (made > 1)
      found("one key, one order", c.order_id, std::to_string(made) + " orders");
  }

  void check_histories() {
    for (const auto& [id, o] : orders_) {
      const auto& past = o.history;
      if (past.size() != static_cast<size_t>(o.version))
        found("a history row a version", id, std::to_string(past.size()) + " rows");
      for (size_t i = 1; i < past.size(); ++i)
        if (!legal({past[i - 1].status, past[i - 1].payment}, {past[i].status, past[i].payment}))
          found("only legal steps", id, std::string(to_string(past[i].status)));
    }
  }

  // 2: never charged twice, never charged for nothing
  void check_money() {
    std::map<std::string, std::vector<const test::fake_payment_gateway::entry*>> kept;
    for (const auto& [key, line] : in_.gateway->books())
      if (line.kind == "charge" && line.status == "captured") {
        check_charge(key, line);
        if (!line.refunded)
          kept[line.order_id].push_back(&line);
      }
    for (const auto& [id, o] : orders_) {
      const auto charges = kept.find(id);
      const auto count = charges == kept.end() ? size_t{0} : charges->second.size();
      if (count > 1)
        found("never charged twice", id, std::to_string(count) + " charges stand");
      if (is_paid(o) && count != 1)
        found("what is paid was charged", id, state_of(o) + " with no charge");
      if (!is_paid(o) && count > 0)
        found("never charged for nothing", id, state_of(o) + " with a charge that stands");
      if (is_paid(o) && count == 1 && charges->second.front()->transaction_id != o.transaction_id)
        found("what is paid was charged", id, "another transaction");
    }
  }

  /// The payments database knows what the gateway knows.
  void check_charge(const std::string& key, const test::fake_payment_gateway::entry& line) {
    const auto o = orders_.find(line.order_id);
    if (o == orders_.end())
      return found("never charged for nothing", line.order_id, "a charge without an order");
    if (line.amount != o->second.total)
      found("never charged for nothing", line.order_id, "another amount");
    const auto file = in_.payments->orders.find(line.order_id);
    const auto attempt = static_cast<int32_t>(std::stoi(key.substr(key.rfind(':') + 1)));
    if (file == in_.payments->orders.end() || !file->second.attempts.contains(attempt))
      return found("never charged for nothing", line.order_id, "no attempt is known for " + key);
    const auto& row = file->second.attempts.at(attempt);
    if (row.status != attempt_status::captured)
      found("never charged for nothing", line.order_id,
            key + " is captured, the payments say " + std::string(to_string(row.status)));
    if ((row.refund == refund_status::refunded) != line.refunded)
      found("a refund is a refund", line.order_id, key);
  }

  // 3: never oversold
  void check_stock() {
    std::map<std::string, int64_t> sold;
    for (const auto& [id, o] : orders_)
      if (waits_for_admin(o) || o.status == order_status::completed)
        for (const auto& line : o.lines)
          sold[line.product_id] += line.quantity;
    for (const auto& [id, row] : in_.stock->products) {
      const auto& p = row.what;
      const auto units = id + ": " + std::to_string(p.stock) + " in stock, "
                         + std::to_string(p.reserved) + " reserved, " + std::to_string(p.sold)
                         + " sold";
      if (p.stock < 0 || p.reserved < 0 || p.sold < 0
          || p.stock + p.reserved + p.sold != in_.first_stock.at(id))
        found("never oversold", "", units + " of " + std::to_string(in_.first_stock.at(id)));
      if (p.sold != sold[id])
        found("what is sold belongs to an order", "",
              units + ", orders have " + std::to_string(sold[id]));
      if (p.reserved != 0)
        found("no stock leaks", "", units);
    }
  }

  // 4: no stuck order
  void check_ends() {
    for (const auto& [id, o] : orders_)
      if (!settled(o) && !waits_for_admin(o))
        found("no stuck order", id, state_of(o));
  }

  // 5: no event lost
  void check_events() {
    std::set<std::string> on_bus;
    for (const auto t : topic::all)
      for (const auto& r : in_.bus.records(std::string(t)))
        on_bus.insert(id_of(r));
    for (const auto& e : in_.orders->events())
      check_published(e, on_bus);
    for (const auto& [from, journal] : {std::pair(service::inventory, in_.stock->journal),
                                        std::pair(service::payment, in_.payments->journal)})
      for (const auto& [at, row] : journal->rows)
        for (size_t i = 0; i < row.events.size(); ++i)
          check_published({from, at, static_cast<int32_t>(i), 0, {}, row.events[i]}, on_bus);
    check_watermarks();
    check_notices();
  }

  /// Each event is told once, but those that a mishap took; without its order-created nobody knows
  /// whom to tell of an order, and its events wait beside it.
  void check_notices() {
    std::set<std::string> lost, told, nobodys;
    for (const auto& letter : in_.inboxes.at(service::emailing)->dead) {
      lost.insert(letter.what.id);
      if (letter.what.topic == topic::order_created)
        nobodys.insert(letter.what.key);
    }
    for (const auto& t : kafka::topics_of(service::emailing))
      for (const auto& r : in_.bus.records(t)) {
        const auto id = id_of(r);
        const auto source = "/troupe/" + id.substr(0, id.find('-'));
        if (in_.emailing->has_told(source, id))
          told.insert(id);
        else if (!lost.contains(id) && !nobodys.contains(r.key))
          found("each event is told once", r.key,
                std::string(t).append(" ").append(id).append(" was not"));
      }
    if (const auto count = in_.emailing->notifications.size(); count != told.size())
      found("each event is told once", "",
            std::to_string(told.size()) + " events, " + std::to_string(count) + " notifications");
  }

  void check_published(const outgoing_event& e, const std::set<std::string>& on_bus) {
    if (!on_bus.contains(event_id(e)))
      found("no event lost", e.what.key, e.what.topic + " " + event_id(e) + " is not on the bus");
  }

  void check_watermarks() {
    const std::array<std::pair<const char*, std::vector<int64_t>>, 3> behind
        = {{{"orders", in_.orders->unpublished()},
            {"stock", in_.stock->journal->unpublished()},
            {"payments", in_.payments->journal->unpublished()}}};
    for (const auto& [of, streams] : behind)
      for (const auto stream : streams)
        found("every event is reported", "",
              std::string("events of ") + of + " are above the watermark of stream "
                  + std::to_string(stream));
  }

  /// 5: none is set aside, but by a mishap.
  void check_letters() {
    for (const auto& [s, rows] : in_.inboxes) {
      for (const auto& letter : rows->dead)
        if (!in_.buried.contains({s, letter.what.id})
            && letter.error != "its handler crashed on it")
          found("no good event is set aside", letter.order_id,
                std::string(to_string(s)) + " buried " + letter.what.topic + " " + letter.what.id
                    + ": " + letter.error);
      for (const auto& parked : rows->parked)
        found("no good event is set aside", parked.order_id,
              std::string(to_string(s)) + " has parked " + parked.what.topic);
    }
    for (const auto& n : in_.emailing->notifications)
      if (!in_.mailed.contains(n.id + "@customers.invalid"))
        found("every notification is mailed", n.order_id, n.title);
  }

  const world& in_;
  const customers& who_;
  std::map<std::string, order> orders_;
  std::vector<violation> found_;
};

} // namespace

bool at_rest(const world& in) {
  const auto all = in.orders->all();
  const auto ended = [](const order& o) { return settled(o) || waits_for_admin(o); };
  const auto sent = [](const auto& mail) { return mail.sent; };
  const auto nothing_parked = [](const auto& entry) { return entry.second->parked.empty(); };
  return std::all_of(all.begin(), all.end(), ended)
         && std::all_of(in.inboxes.begin(), in.inboxes.end(), nothing_parked)
         && std::all_of(in.emailing->mails.begin(), in.emailing->mails.end(), sent)
         && in.orders->unpublished().empty() && in.stock->journal->unpublished().empty()
         && in.payments->journal->unpublished().empty();
}

std::vector<violation> broken_promises(const world& in, const customers& who) {
  return audit(in, who).run();
}

} // namespace troupe::dst
