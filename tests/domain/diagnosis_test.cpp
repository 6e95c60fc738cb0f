// What an order is said to wait for, in every state, with each part missing and each event held up
// on its way.

#include "domain/diagnosis.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>

using namespace troupe;

namespace {

using st = order_status;
using pay = payment_status;

service_facts& facts(diagnosis& d, service s) {
  return *d.facts.at(static_cast<size_t>(s));
}

/// A live order that every service answers for, but knows nothing more of.
diagnosis of(st status, pay payment = pay::pending) {
  diagnosis d;
  d.order_id = "o1";
  d.actor = presence::live;
  for (auto& each : d.facts)
    each.emplace();
  order_facts o;
  o.status = status;
  o.payment = payment;
  o.attempt = 2;
  o.deadline = timestamp{};
  o.shard = 7;
  o.served = true;
  facts(d, service::order).order = o;
  return d;
}

using change = std::function<void(diagnosis&)>;

diagnosis with(diagnosis d, std::initializer_list<change> changes) {
  for (const auto& each : changes)
    each(d);
  return d;
}

change away(service s) {
  return [s](diagnosis& d) { d.facts.at(static_cast<size_t>(s)).reset(); };
}

change stock(stock_state state) {
  return
      [state](diagnosis& d) { facts(d, service::inventory).stock.emplace().record.state = state; };
}

change attempt(int number, attempt_status status, refund_status refund = refund_status::none) {
  return [=](diagnosis& d) {
    auto& known = facts(d, service::payment).payment;
    if (!known)
      known.emplace();
    attempt_facts a;
    a.what.attempt = number;
    a.what.status = status;
    a.what.refund = refund;
    a.tries = 3;
    known->attempts.push_back(a);
  };
}

change told(service s, std::string_view topic, bool published) {
  return [=](diagnosis& d) {
    told_event e;
    e.topic = topic;
    e.published = published;
    facts(d, s).events.push_back(e);
  };
}

change parked(service s, std::string_view topic) {
  return [=](diagnosis& d) {
    kept_event e;
    e.topic = topic;
    facts(d, s).parked.push_back(e);
  };
}

change dead(service s, std::string_view topic) {
  return [=](diagnosis& d) {
    kept_event e;
    e.id = 41;
    e.topic = topic;
    facts(d, s).dead_letters.push_back(e);
  };
}

void settled(diagnosis& d) {
  facts(d, service::order).order->deadline.reset();
}

struct row {
  diagnosis given;
  std::string_view code;
  std::string_view says; ///< part of the sentence
};

void check(const std::vector<row>& rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    const auto found = waiting_for(rows[i].given);
    CAPTURE(found.text);
    CHECK(found.code == rows[i].code);
    CHECK(found.text.find(rows[i].says) != std::string::npos);
    CHECK(found.text.starts_with(rows[i].code == "unknown" ? "What" : "The order "));
    CHECK(found.text.ends_with("."));
  }
}

} // namespace

TEST_CASE("what stands in the way of the order itself comes first") {
  check({
      {of(st::created), "customer", "to pay"},
      {of(st::payment_failed, pay::failed), "customer", "again"},
      {of(st::confirmed, pay::success), "dispatch", "dispatch"},
      {of(st::dispatched, pay::success), "delivery", "delivery"},
      {with(of(st::created), {away(service::order)}), "unknown", "database"},
      {with(of(st::created), {[](diagnosis& d) { d.actor = presence::quarantined; }}),
       "quarantined", "crashing"},
      {with(of(st::created),
            {away(service::order), [](diagnosis& d) { d.actor = presence::quarantined; }}),
       "quarantined", "crashing"},
      {with(of(st::created), {[](diagnosis& d) { d.actor.reset(); }}), "customer", "to pay"},
      {with(of(st::created),
            {[](diagnosis& d) { facts(d, service::order).order->served = false; }}),
       "owner", "shard 7"},
      {with(of(st::completed, pay::success), {settled}), "nothing", "COMPLETED"},
      {with(of(st::cancelled), {settled}), "nothing", "CANCELLED"},
      {with(of(st::completed, pay::success),
            {settled, [](diagnosis& d) { facts(d, service::order).order->served = false; }}),
       "nothing", "COMPLETED"},
      {with(of(st::completed, pay::success),
            {settled, told(service::order, topic::order_created, true),
             told(service::order, topic::order_completed, false)}),
       "publishing", "order-completed"},
  });
}

TEST_CASE("a payment under way") {
  const auto pending = of(st::payment_pending);
  check({
      {pending, "payment", "begin payment attempt 2"},
      {with(pending, {away(service::payment)}), "payment", "database does not answer"},
      {with(pending, {attempt(1, attempt_status::declined)}), "payment", "begin"},
      {with(pending, {attempt(1, attempt_status::declined), attempt(2, attempt_status::pending)}),
       "payment", "gateway's answer to payment attempt 2"},
      {with(pending, {attempt(2, attempt_status::captured)}), "payment", "CAPTURED"},
  });
}

TEST_CASE("a paid order on its way through the inventory service") {
  const auto paid = of(st::payment_success, pay::success);
  check({
      {paid, "inventory", "does not know it"},
      {with(paid, {away(service::inventory)}), "inventory", "database does not answer"},
      {with(paid, {told(service::order, topic::order_created, false)}), "publishing",
       "order-created"},
      {with(paid, {told(service::order, topic::order_created, true),
                   told(service::order, topic::payment_success, false)}),
       "publishing", "payment-success"},
      {with(paid, {away(service::inventory), told(service::order, topic::payment_success, false)}),
       "publishing", "payment-success"},
      {with(paid, {dead(service::inventory, topic::order_created)}), "dead_letter", "41"},
      {with(paid,
            {stock(stock_state::unknown), parked(service::inventory, topic::payment_success)}),
       "parked", "payment-success"},
      {with(paid, {stock(stock_state::reserved)}), "inventory", "into a sale"},
      {with(paid, {stock(stock_state::reserved), dead(service::inventory, topic::order_created)}),
       "inventory", "into a sale"},
      {with(paid, {stock(stock_state::reserved), dead(service::inventory, topic::payment_success)}),
       "dead_letter", "payment-success"},
      {with(paid, {stock(stock_state::rejected)}), "inventory", "short"},
      {with(paid, {stock(stock_state::rejected),
                   told(service::inventory, topic::inventory_rejected, false)}),
       "publishing", "inventory-rejected"},
      {with(paid,
            {stock(stock_state::sold), told(service::inventory, topic::inventory_updated, true)}),
       "inventory", "on its way"},
      {with(paid,
            {stock(stock_state::sold), told(service::inventory, topic::inventory_updated, false)}),
       "publishing", "inventory-updated"},
      {with(paid, {stock(stock_state::sold), dead(service::order, topic::inventory_updated)}),
       "dead_letter", "order service"},
      {with(paid, {stock(stock_state::sold), parked(service::order, topic::inventory_updated)}),
       "parked", "order service"},
      {with(paid, {stock(stock_state::released)}), "inventory", "somebody must look"},
  });
}

TEST_CASE("money that goes back") {
  using as = attempt_status;
  using rs = refund_status;
  const auto cancelled = of(st::cancelled, pay::refund_pending);
  check({
      {cancelled, "refund", "knows of no charge"},
      {with(cancelled, {away(service::payment)}), "refund", "database does not answer"},
      {with(cancelled, {told(service::order, topic::order_cancelled, false)}), "publishing",
       "order-cancelled"},
      {with(cancelled, {attempt(2, as::pending)}), "payment", "before its refund"},
      {with(cancelled, {attempt(1, as::declined), attempt(2, as::captured)}), "refund", "begin"},
      {with(cancelled, {attempt(2, as::captured), dead(service::payment, topic::order_cancelled)}),
       "dead_letter", "order-cancelled"},
      {with(cancelled, {attempt(2, as::captured, rs::pending)}), "refund", "tried 3 times"},
      {with(cancelled, {attempt(2, as::captured, rs::refused)}), "refund_refused", "for good"},
      {with(cancelled, {attempt(2, as::captured, rs::refunded)}), "refund", "on its way"},
      {with(cancelled,
            {attempt(1, as::captured, rs::refunded), attempt(2, as::captured, rs::pending)}),
       "refund", "attempt 2"},
      {with(cancelled,
            {attempt(1, as::captured, rs::pending), attempt(2, as::captured, rs::refunded)}),
       "refund", "attempt 1"},
      {with(cancelled, {attempt(2, as::captured, rs::refunded),
                        told(service::payment, topic::payment_refunded, false)}),
       "publishing", "payment-refunded"},
      {with(cancelled, {attempt(2, as::captured, rs::refunded),
                        dead(service::order, topic::payment_refunded)}),
       "dead_letter", "payment-refunded"},
  });
}

TEST_CASE("stock that is given back") {
  const auto cancelled = of(st::cancelled);
  check({
      {cancelled, "inventory", "to release"},
      {with(cancelled, {away(service::inventory)}), "inventory", "database does not answer"},
      {with(cancelled,
            {away(service::inventory), told(service::order, topic::order_cancelled, false)}),
       "publishing", "order-cancelled"},
      {with(cancelled, {stock(stock_state::sold)}), "inventory", "to release"},
      {with(cancelled, {dead(service::inventory, topic::order_cancelled)}), "dead_letter",
       "inventory"},
      {with(cancelled, {stock(stock_state::released)}), "inventory", "on its way"},
      {with(cancelled, {stock(stock_state::released),
                        told(service::inventory, topic::inventory_released, false)}),
       "publishing", "inventory-released"},
  });
}
