#include "tests/persistence/audit_shop.hpp"

#include "actors/notices.hpp"
#include "domain/event_values.hpp"
#include "persistence/membership.hpp"
#include "persistence/pg.hpp"
#include "tests/persistence/order_worlds.hpp"

#include <doctest/doctest.h>

#include <numeric>

namespace troupe::test {

namespace {

using kind = payment_write::kind;

const deadlines within{};
constexpr int64_t low_stock = 997;

int64_t begin(const audit_databases& at) {
  const auto incarnation = begin_incarnation(at.orders, {"node-1", "here"});
  const auto fenced = fenced_incarnations(at.orders);
  for (const auto* conninfo : {&at.payments, &at.inventory, &at.emailing})
    join_database(*conninfo, incarnation, fenced);
  std::vector<int32_t> all(shard_count);
  std::iota(all.begin(), all.end(), 0);
  make_membership(at.orders, incarnation)->claim(all);
  return incarnation;
}

void add_products(const std::string& conninfo) {
  pg::connection(conninfo).script("insert into products (id, name, price, stock, initial) values"
                                  " ('p1', 'Lamp', 1999, 1000, 1000),"
                                  " ('p2', 'Chair', 500, 1000, 1000), ('p3', 'Table', 9900, 1, 1)");
}

payment_attempt attempt_of(const order& o) {
  payment_attempt a;
  a.order_id = o.id;
  a.attempt = o.attempt;
  a.amount = o.total;
  return a;
}

ledger_entry charge_of(const payment_attempt& a, gateway_answer answer) {
  ledger_entry line;
  line.key = charge_key(a.order_id, a.attempt);
  line.kind = "charge";
  line.status = answer == gateway_answer::captured ? "captured" : "declined";
  line.order_id = a.order_id;
  line.amount = a.amount;
  line.transaction_id = answer == gateway_answer::captured ? "tx-" + line.key : "";
  return line;
}

} // namespace

audit_shop::audit_shop(const audit_databases& at)
    : incarnation_(begin(at)),
      orders_(make_order_store(at.orders, incarnation_)),
      inventory_(make_inventory_store(at.inventory, incarnation_, low_stock)),
      payments_(make_payment_store(at.payments, incarnation_)),
      emailing_(make_emailing_store(at.emailing, decode_notice)),
      gateway_(make_gateway_ledger(at.gateway)) {
  orders_->connect();
  inventory_->connect();
  payments_->connect();
}

void audit_shop::place(const std::string& name, std::vector<order_line> lines) {
  auto o = draft(name);
  if (!lines.empty()) {
    o.lines = std::move(lines);
    o.total = 0;
    for (const auto& line : o.lines)
      o.total += line.price * line.quantity;
  }
  known_[name] = o;
  commit(name, decide_creation(o, within, ""), "key-" + name);
}

void audit_shop::commit(const std::string& name, order_step step, const std::string& key) {
  write_set set{known_.at(name), std::move(step), std::nullopt};
  if (!key.empty())
    set.key = idempotency{key, "hash"};
  const auto done = commit_one(*orders_, set);
  REQUIRE(done.outcome == commit_outcome::committed);
  known_[name] = apply(set.current, set.step, done.time);
  for (const auto& e : done.events)
    deliver(e);
}

void audit_shop::decided(const std::string& name, const order_command& c) {
  auto d = decide(known_.at(name), c, within);
  REQUIRE(d.what != ruling::dead_letter);
  if (d.step)
    commit(name, std::move(*d.step));
}

void audit_shop::command(const std::string& name, order_verb verb) {
  order_command c;
  c.verb = verb;
  c.version = known_.at(name).version;
  decided(name, c);
}

void audit_shop::pay(const std::string& name, gateway_answer answer) {
  command(name, order_verb::pay);
  auto attempt = attempt_of(known_.at(name));
  payments_->write(std::vector{payment_write{kind::begin, attempt, {}, ""}});
  const auto key = charge_key(attempt.order_id, attempt.attempt);
  bool fresh = false;
  const auto line = answer == gateway_answer::voided
                        ? gateway_->void_charge(key, "given up")
                        : gateway_->record(charge_of(attempt, answer), fresh);
  attempt.status = decide_outcome(attempt.status, answer).value();
  attempt.transaction_id = line.transaction_id;
  payments_->write(std::vector{payment_write{kind::outcome, attempt, {}, ""}});
  order_command c;
  c.verb = answer == gateway_answer::captured ? order_verb::charged : order_verb::declined;
  c.attempt = attempt.attempt;
  c.transaction_id = line.transaction_id;
  decided(name, c);
}

void audit_shop::note(const outgoing_event& e) {
  auto& last = told_[e.from];
  last = std::max(last, e.at);
}

void audit_shop::deliver(const outgoing_event& e) {
  note(e);
  incoming_event in;
  in.topic = e.what.topic;
  in.offset = ++offset_;
  in.key = e.what.key;
  in.value = e.what.value;
  in.id = event_id(e);
  in.source = event_source(e.from);
  at_emailing(in);
  at_inventory(in);
  at_payments(in);
  at_orders(in);
}

void audit_shop::at_emailing(const incoming_event& in) {
  if (const auto notice = decode_notice(in))
    CHECK(emailing_->apply(std::vector{*notice}).added.size() == 1);
}

void audit_shop::at_inventory(const incoming_event& in) {
  const std::map<std::string_view, stock_verb> verbs
      = {{topic::order_created, stock_verb::order_created},
         {topic::payment_success, stock_verb::payment_success},
         {topic::order_cancelled, stock_verb::order_cancelled}};
  const auto verb = verbs.find(in.topic);
  if (verb == verbs.end())
    return;
  const auto value = std::get<event_value>(read_event(in));
  const auto done
      = inventory_->apply(std::vector{stock_input{verb->second, value.order_id, value.lines, in}});
  for (const auto& answer : done.at(0).events)
    deliver(answer.event);
}

void audit_shop::at_payments(const incoming_event& in) {
  if (in.topic != topic::order_cancelled)
    return;
  for (auto attempt : payments_->attempts(std::vector{in.key})) {
    if (decide_refund(attempt) != refund_ruling::start)
      continue;
    payments_->write(std::vector{payment_write{kind::refund_begin, attempt, {}, ""}});
    gateway_->refund(refund_key(attempt.order_id, attempt.attempt),
                     charge_key(attempt.order_id, attempt.attempt), attempt.amount, "tx-back");
    attempt.refund = refund_status::refunded;
    const auto done
        = payments_->write(std::vector{payment_write{kind::refund_end, attempt, {}, ""}});
    for (const auto& e : done.at(0).events)
      deliver(e);
  }
}

void audit_shop::at_orders(const incoming_event& in) {
  const std::map<std::string_view, order_verb> verbs
      = {{topic::inventory_updated, order_verb::inventory_updated},
         {topic::inventory_rejected, order_verb::inventory_rejected},
         {topic::inventory_released, order_verb::inventory_released},
         {topic::payment_refunded, order_verb::payment_refunded}};
  if (const auto verb = verbs.find(in.topic); verb != verbs.end())
    command(in.key.substr(std::string_view("order").size()), verb->second);
}

void audit_shop::publish_all() {
  for (auto& [from, last] : told_) {
    auto& log = from == service::order     ? orders_->log()
                : from == service::payment ? payments_->log()
                                           : inventory_->log();
    log.advance(stream_of(last), last);
  }
}

void audit_shop::drain_orphans() {
  for (auto* log : {&orders_->log(), &payments_->log(), &inventory_->log()})
    for (const auto stream : log->orphans()) {
      REQUIRE(log->take(stream));
      log->mark_drained(stream);
    }
}

void walk_cleanly(const audit_databases& at) {
  add_products(at.inventory);
  {
    audit_shop shop(at);
    shop.place("done", {});
    shop.pay("done", gateway_answer::captured);
    shop.command("done", order_verb::dispatch);
    shop.command("done", order_verb::deliver);
    shop.place("refunded", {});
    shop.pay("refunded", gateway_answer::captured);
    shop.command("refunded", order_verb::cancel);
    shop.publish_all();
  }
  audit_shop shop(at);
  shop.drain_orphans();
  shop.place("again", {});
  shop.pay("again", gateway_answer::declined);
  shop.pay("again", gateway_answer::captured);
  shop.place("voided", {});
  shop.pay("voided", gateway_answer::voided);
  shop.command("voided", order_verb::cancel);
  shop.place("short", {{"itemshort", "p3", 2, 9900, "Table", ""}});
  shop.place("open", {});
  shop.publish_all();
  // It has lived for a while. Nobody renews it, and it is to live as long as the tests look at it.
  pg::connection(at.orders).script(
      "update incarnations set started_at = now() - interval '1 hour';"
      "update incarnations set lease_until = now() + interval '1 hour' where not fenced;"
      "update incarnations set lease_until = now() - interval '1 hour' where fenced");
}

} // namespace troupe::test
