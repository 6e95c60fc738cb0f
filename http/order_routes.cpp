#include "http/order_routes.hpp"

#include "http/event_stream.hpp"
#include "http/new_order.hpp"
#include "http/order_input.hpp"
#include "http/prefer.hpp"
#include "http/serve.hpp"
#include "http/who.hpp"

#include <utility>

namespace troupe::http {

namespace {

/// Seconds until a payment whose outcome is unknown is worth another look.
constexpr const char* look_again = "2";

response order_answer_of(const order& o) {
  auto result = text_answer(200, order_text(o));
  result.headers.emplace_back("ETag", etag_of(o.version));
  return result;
}

response told(const order_answer& a, response what) {
  if (a.replayed)
    what.headers.emplace_back("Idempotent-Replayed", "true");
  return what;
}

/// 304 when the client has this version already.
response seen_answer(const call& c, const order& o) {
  auto result = order_answer_of(o);
  const auto seen = c.asked.header("If-None-Match");
  if (seen && none_match_holds(*seen, etag_of(o.version))) {
    result.status = 304;
    result.body.clear();
  }
  return result;
}

response payment_answer(const order_answer& a) {
  const bool pending = a.pending || a.now.status == order_status::payment_pending;
  auto result = json_answer(pending ? 202 : 200, payment_view(a.now, pending));
  if (pending)
    result.headers.emplace_back("Retry-After", look_again);
  return told(a, std::move(result));
}

/// `in`: the body. A user's command needs the user's own order, the admin's takes any.
order_request request_for(const backend& b, const call& c, order_verb verb, const json_input& in) {
  const bool admins = verb == order_verb::dispatch || verb == order_verb::deliver;
  const bool any = admins || asks_for_all(b, c);
  auto user = user_of(b, c, &in); // asked for once: it counts
  order_request r;
  r.order_id = id_of(c);
  r.key = key_of(c, user);
  r.user_id = any ? std::string() : std::move(user);
  r.command.verb = verb;
  r.command.traceparent = c.traceparent;
  return r;
}

void command(const backend& b, const doors& to, const call_ptr& c, order_request r) {
  b.calls.ask<order_answer>(
      line::orders, to.orders, c,
      [c](const order_answer& a) { c->answer(told(a, order_answer_of(a.now))); }, std::move(r));
}

/// Whoever knows a version, and would wait for the next one, is answered when it comes.
void view_order(const backend& b, const doors& to, const call_ptr& c) {
  const auto limit = wait_preference(c->asked).value_or(std::chrono::seconds(0));
  if (limit.count() > 0 && c->asked.header("If-None-Match"))
    return b.waiting.orders.wait(c, id_of(*c), owner_of(b, *c), limit,
                                 [c](const order& o) { return seen_answer(*c, o); });
  b.calls.ask<order>(
      line::orders, to.orders, c, [c](const order& o) { c->answer(seen_answer(*c, o)); },
      view_atom::value, id_of(*c), owner_of(b, *c));
}

void stream_order(const backend& b, const doors& /*to*/, const call_ptr& c) {
  b.waiting.orders.follow(c, id_of(*c), owner_of(b, *c), last_event_id(c->asked));
}

void pay(const backend& b, const doors& to, const call_ptr& c) {
  auto in = body_of(*c, body_is::optional);
  auto payment = read_payment(in);
  refuse_if_bad(in.complaints());
  auto r = request_for(b, *c, order_verb::pay, in);
  r.payment_method = std::move(payment.method);
  r.card_number = std::move(payment.card_number);
  b.calls.ask<order_answer>(
      line::payments, to.orders, c, [c](const order_answer& a) { c->answer(payment_answer(a)); },
      std::move(r));
}

void cancel(const backend& b, const doors& to, const call_ptr& c) {
  const auto in = body_of(*c, body_is::optional);
  command(b, to, c, request_for(b, *c, order_verb::cancel, in));
}

void dispatch(const backend& b, const doors& to, const call_ptr& c) {
  require_admin(b, *c);
  auto in = body_of(*c, body_is::optional);
  auto parcel = read_dispatch(in);
  refuse_if_bad(in.complaints());
  auto r = request_for(b, *c, order_verb::dispatch, in);
  r.command.tracking_number = std::move(parcel.tracking_number);
  r.command.courier = std::move(parcel.courier);
  command(b, to, c, std::move(r));
}

void deliver(const backend& b, const doors& to, const call_ptr& c) {
  require_admin(b, *c);
  const auto in = body_of(*c, body_is::optional);
  command(b, to, c, request_for(b, *c, order_verb::deliver, in));
}

} // namespace

void add_order_routes(front& f, const backend& b) {
  f.post("/orders", serve(b, create_order));
  f.get("/orders/:id", serve(b, view_order));
  f.get("/orders/:id/stream", serve(b, stream_order));
  f.post("/orders/:id/process-payment", serve_within(b, pay, b.options.payment_within));
  f.post("/orders/:id/cancel", serve(b, cancel));
  f.patch("/orders/:id/dispatch", serve(b, dispatch));
  f.patch("/orders/:id/deliver", serve(b, deliver));
}

} // namespace troupe::http
