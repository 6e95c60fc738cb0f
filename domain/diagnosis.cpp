#include "domain/diagnosis.hpp"

#include "domain/names.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr names::table<7> presences
    = {"idle", "loading", "live", "resting", "crashed", "quarantined", "elsewhere"};

awaited waits(std::string_view code, std::string for_what) {
  return {code, "The order waits for " + std::move(for_what)};
}

std::string name_of(service s) {
  return "the " + std::string(to_string(s)) + " service";
}

awaited no_answer_of(std::string_view code, service s) {
  return waits(code, name_of(s) + ", whose database does not answer.");
}

std::string nth(int32_t attempt) {
  return "payment attempt " + std::to_string(attempt);
}

/// The way of an event from the service whose step yields it to the one that acts on it.
struct hop {
  service from;
  std::string_view topic;
  service to;
};

constexpr hop asks_for_stock{service::order, topic::order_created, service::inventory};
constexpr hop asks_for_sale{service::order, topic::payment_success, service::inventory};
constexpr hop asks_for_release{service::order, topic::order_cancelled, service::inventory};
constexpr hop asks_for_refund{service::order, topic::order_cancelled, service::payment};
constexpr hop tells_of_sale{service::inventory, topic::inventory_updated, service::order};
constexpr hop tells_of_rejection{service::inventory, topic::inventory_rejected, service::order};
constexpr hop tells_of_release{service::inventory, topic::inventory_released, service::order};
constexpr hop tells_of_refund{service::payment, topic::payment_refunded, service::order};

const kept_event* find(const std::vector<kept_event>& among, std::string_view topic) {
  const auto found = std::ranges::find(among, topic, &kept_event::topic);
  return found == among.end() ? nullptr : &*found;
}

awaited publishing(std::string_view topic) {
  return waits("publishing",
               "Kafka, which has not confirmed " + std::string(topic) + " of it yet.");
}

/// What holds an event up on its way; nothing: as far as is known, nothing does. Asked only while
/// the event has not had its effect.
std::optional<awaited> held_up(const diagnosis& d, const hop& way) {
  const std::string topic(way.topic);
  if (const auto& teller = d.of(way.from)) {
    const auto told = std::find_if(teller->events.rbegin(), teller->events.rend(),
                                   [&](const told_event& e) { return e.topic == topic; });
    if (told != teller->events.rend() && !told->published)
      return publishing(topic);
  }
  const auto& listener = d.of(way.to);
  if (!listener)
    return std::nullopt;
  if (const auto* letter = find(listener->dead_letters, topic))
    return waits("dead_letter", "an operator: " + name_of(way.to) + " could not apply " + topic
                                    + " and keeps it as dead letter " + std::to_string(letter->id)
                                    + ".");
  if (find(listener->parked, topic))
    return waits("parked", name_of(way.to) + ", which has parked " + topic + ".");
  return std::nullopt;
}

/// The first of the hops that is held up, else `otherwise`.
awaited first_held_up(const diagnosis& d, std::initializer_list<hop> ways, awaited otherwise) {
  for (const auto& way : ways)
    if (auto why = held_up(d, way))
      return std::move(*why);
  return otherwise;
}

awaited for_sale(const diagnosis& d) {
  const auto& inventory = d.of(service::inventory);
  if (!inventory)
    return first_held_up(d, {asks_for_sale}, no_answer_of("inventory", service::inventory));
  const auto state = inventory->stock ? inventory->stock->record.state : stock_state::unknown;
  switch (state) {
    case stock_state::unknown:
      return first_held_up(
          d, {asks_for_stock, asks_for_sale},
          waits("inventory", "the inventory service, which does not know it yet."));
    case stock_state::reserved:
      return first_held_up(
          d, {asks_for_sale},
          waits("inventory", "the inventory service to turn its reservation into a sale."));
    case stock_state::rejected:
      return first_held_up(d, {asks_for_sale, tells_of_rejection},
                           waits("inventory", "the inventory service, which is short of stock."));
    case stock_state::sold:
      return first_held_up(d, {tells_of_sale},
                           waits("inventory", "inventory-updated, which is on its way to it."));
    case stock_state::released:
      break;
  }
  return waits("inventory", "stock that the inventory service has given back: somebody must look.");
}

awaited for_payment(const diagnosis& d, const order_facts& o) {
  const auto& payment = d.of(service::payment);
  if (!payment)
    return no_answer_of("payment", service::payment);
  if (payment->payment)
    for (const auto& each : payment->payment->attempts) {
      if (each.what.attempt != o.attempt)
        continue;
      if (each.what.status == attempt_status::pending)
        return waits("payment", "the payment gateway's answer to " + nth(o.attempt) + ".");
      return waits("payment", "its deadline, to learn that " + nth(o.attempt) + " is "
                                  + std::string(to_string(each.what.status)) + ".");
    }
  return waits("payment", "the payment service to begin " + nth(o.attempt) + ".");
}

/// By the one attempt that still owes something.
awaited for_refund_of(const diagnosis& d, const attempt_facts& each) {
  const auto number = nth(each.what.attempt);
  switch (each.what.refund) {
    case refund_status::pending:
      return waits("refund", "the payment gateway to give back " + number + " (tried "
                                 + std::to_string(each.tries) + " times).");
    case refund_status::refused:
      return waits("refund_refused", "an operator: the payment gateway has refused for good to give"
                                     " back "
                                         + number + ".");
    case refund_status::refunded:
      return first_held_up(d, {tells_of_refund},
                           waits("refund", "payment-refunded, which is on its way to it."));
    case refund_status::none:
      break;
  }
  return first_held_up(
      d, {asks_for_refund},
      waits("refund", "the payment service to begin the refund of " + number + "."));
}

awaited for_refund(const diagnosis& d) {
  const auto& payment = d.of(service::payment);
  if (!payment)
    return first_held_up(d, {asks_for_refund}, no_answer_of("refund", service::payment));
  const attempt_facts* charged = nullptr;
  if (payment->payment)
    for (const auto& each : payment->payment->attempts) {
      if (each.what.status == attempt_status::pending)
        return waits("payment", "the payment gateway's answer to " + nth(each.what.attempt)
                                    + ", before its refund.");
      // Several are charged only after a fault: the one that is not given back yet counts.
      if (each.what.status == attempt_status::captured
          && (charged == nullptr || charged->what.refund == refund_status::refunded))
        charged = &each;
    }
  if (charged == nullptr)
    return first_held_up(d, {asks_for_refund},
                         waits("refund", "the payment service, which knows of no charge."));
  return for_refund_of(d, *charged);
}

awaited for_release(const diagnosis& d) {
  const auto& inventory = d.of(service::inventory);
  if (!inventory)
    return first_held_up(d, {asks_for_release}, no_answer_of("inventory", service::inventory));
  if (inventory->stock && inventory->stock->record.state == stock_state::released)
    return first_held_up(d, {tells_of_release},
                         waits("inventory", "inventory-released, which is on its way to it."));
  return first_held_up(d, {asks_for_release},
                       waits("inventory", "the inventory service to release its stock."));
}

/// No step will follow; its last words may still be on their way.
awaited after_the_end(const service_facts& orders, const order_facts& o) {
  for (const auto& e : orders.events)
    if (!e.published)
      return publishing(e.topic);
  return {"nothing",
          "The order is " + std::string(to_string(o.status)) + " and waits for nothing."};
}

awaited by_state(const diagnosis& d, const order_facts& o) {
  switch (o.status) {
    case order_status::created:
      return waits("customer", "its customer to pay.");
    case order_status::payment_failed:
      return waits("customer", "its customer to pay again or to cancel.");
    case order_status::payment_pending:
      return for_payment(d, o);
    case order_status::payment_success:
      return for_sale(d);
    case order_status::confirmed:
      return waits("dispatch", "its dispatch.");
    case order_status::dispatched:
      return waits("delivery", "its delivery.");
    case order_status::cancelled:
      return o.payment == payment_status::refund_pending ? for_refund(d) : for_release(d);
    case order_status::completed:
      break;
  }
  return {"nothing", "The order waits for nothing."};
}

} // namespace

std::string_view to_string(presence p) {
  return names::name_of(presences, p);
}

awaited waiting_for(const diagnosis& d) {
  if (d.actor == presence::quarantined)
    return waits("quarantined", "an operator: its actor keeps crashing and is held back.");
  const auto& orders = d.of(service::order);
  if (!orders || !orders->order)
    return {"unknown", "What the order waits for is unknown: the database of its service does not"
                       " answer."};
  const auto& o = *orders->order;
  if (!o.deadline)
    return after_the_end(*orders, o);
  if (!o.served)
    return waits("owner", "a node that owns shard " + std::to_string(o.shard) + ".");
  return by_state(d, o);
}

} // namespace troupe
