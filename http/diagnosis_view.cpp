#include "http/diagnosis_view.hpp"

#include "domain/money.hpp"

#include <array>
#include <string_view>

namespace troupe::http {

namespace {

view unavailable() {
  return {{"unavailable", true}};
}

view time_view(const std::optional<timestamp>& at) {
  return at ? view(to_iso8601(*at)) : view();
}

view text_or_null(std::string_view text) {
  return text.empty() ? view() : view(text);
}

view refund_view(const attempt_facts& a) {
  return {{"status", to_string(a.what.refund)},
          {"tries", a.tries},
          {"nextTryAt", time_view(a.next_try)}};
}

view attempt_view(const attempt_facts& a) {
  return {{"attempt", a.what.attempt},
          {"status", to_string(a.what.status)},
          {"amount", number_from_cents(a.what.amount)},
          {"transactionId", text_or_null(a.what.transaction_id)},
          {"reason", text_or_null(a.what.reason)},
          {"incarnation", a.incarnation},
          {"createdAt", to_iso8601(a.created_at)},
          {"updatedAt", to_iso8601(a.updated_at)},
          {"refund", a.what.refund == refund_status::none ? view() : refund_view(a)}};
}

/// `status` null: the service does not know the order.
view payment_part(const diagnosis& d) {
  const auto& answer = d.of(service::payment);
  if (!answer)
    return unavailable();
  const auto& p = answer->payment;
  if (!p)
    return {{"status", nullptr}, {"attempts", view::array()}};
  return {{"status", p->status},
          {"id", p->id},
          {"amount", number_from_cents(p->amount)},
          {"transactionId", text_or_null(p->transaction_id)},
          {"createdAt", to_iso8601(p->created_at)},
          {"updatedAt", to_iso8601(p->updated_at)},
          {"attempts", array_view(p->attempts, attempt_view)}};
}

view lines_view(const stock_facts& s) {
  auto lines = view::array();
  for (size_t i = 0; i < s.record.lines.size() && i < s.available.size(); ++i)
    lines.push_back({{"productId", s.record.lines[i].product_id},
                     {"quantity", s.record.lines[i].quantity},
                     {"available", s.available[i]}});
  return lines;
}

/// `state` null: the service does not know the order.
view stock_part(const diagnosis& d) {
  const auto& answer = d.of(service::inventory);
  if (!answer)
    return unavailable();
  const auto& s = answer->stock;
  if (!s)
    return {{"state", nullptr}, {"lines", view::array()}};
  return {{"state", to_string(s->record.state)},
          {"lines", lines_view(*s)},
          {"createdAt", to_iso8601(s->created_at)},
          {"updatedAt", to_iso8601(s->updated_at)}};
}

view event_view(const told_event& e) {
  return {{"topic", e.topic},         {"id", e.id},
          {"sequence", e.sequence},   {"position", e.at},
          {"at", to_iso8601(e.time)}, {"published", e.published}};
}

view parked_view(const kept_event& e) {
  return {{"id", e.id},         {"topic", e.topic},      {"partition", e.partition},
          {"offset", e.offset}, {"eventId", e.event_id}, {"createdAt", to_iso8601(e.since)}};
}

view buried_view(const kept_event& e) {
  auto result = parked_view(e);
  result["error"] = e.error;
  return result;
}

constexpr std::array journals{service::order, service::payment, service::inventory};
constexpr std::array consumers{service::order, service::payment, service::inventory,
                               service::emailing};

/// One member a service, each as `show` has it.
template <size_t N, class F>
view by_service(const diagnosis& d, const std::array<service, N>& which, F&& show) {
  auto all = view::object();
  for (const auto s : which) {
    const auto& answer = d.of(s);
    all[std::string(to_string(s))] = answer ? show(*answer) : unavailable();
  }
  return all;
}

view owner_view(const diagnosis& d, const order_facts* o) {
  view owner = o == nullptr ? unavailable()
                            : view{{"shard", o->shard},
                                   {"node", text_or_null(o->node)},
                                   {"incarnation", o->node.empty() ? view() : view(o->incarnation)},
                                   {"epoch", o->epoch},
                                   {"serves", o->served}};
  owner["actor"] = d.actor ? view(to_string(*d.actor)) : view();
  return owner;
}

/// What only the orders database knows, null without it.
void add_order(view& to, const order_facts* o) {
  to["status"] = o ? view(to_string(o->status)) : view();
  to["paymentStatus"] = o ? view(to_string(o->payment)) : view();
  to["version"] = o ? view(o->version) : view();
  to["deadlineAt"] = o ? time_view(o->deadline) : view();
  to["overdue"] = o ? view(o->overdue) : view();
  to["rounds"] = o ? view(o->rounds) : view();
}

} // namespace

view diagnosis_view(const diagnosis& d) {
  const auto& orders = d.of(service::order);
  const auto* o = orders && orders->order ? &*orders->order : nullptr;
  const auto waits = waiting_for(d);
  view result = {{"orderId", d.order_id}};
  add_order(result, o);
  result["waitingFor"] = {{"code", waits.code}, {"text", waits.text}};
  result["owner"] = owner_view(d, o);
  result["payment"] = payment_part(d);
  result["stock"] = stock_part(d);
  result["events"] = by_service(
      d, journals, [](const service_facts& f) { return array_view(f.events, event_view); });
  result["parked"] = by_service(
      d, consumers, [](const service_facts& f) { return array_view(f.parked, parked_view); });
  result["deadLetters"] = by_service(
      d, consumers, [](const service_facts& f) { return array_view(f.dead_letters, buried_view); });
  return result;
}

} // namespace troupe::http
