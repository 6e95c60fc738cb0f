#include "http/new_order.hpp"

#include "domain/replay.hpp"
#include "http/fault_table.hpp"
#include "http/order_input.hpp"
#include "http/serve.hpp"
#include "http/who.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace troupe::http {

namespace {

using nlohmann::json;
using draft_ptr = std::shared_ptr<create_request>;

response created(const create_answer& a) {
  auto result = text_answer(201, order_text(a.now));
  result.headers.emplace_back("Location", "/orders/" + a.now.id);
  result.headers.emplace_back("ETag", etag_of(a.now.version));
  if (a.replayed)
    result.headers.emplace_back("Idempotent-Replayed", "true");
  return result;
}

/// `items` as an array of objects, each made by `show`.
template <class T, class F>
json listed(const std::vector<T>& items, F show) {
  auto result = json::array();
  for (const auto& item : items)
    result.push_back(show(item));
  return result;
}

/// Why the catalogue refuses the order; nothing when it does not.
std::optional<problem> refusal_of(const quote& q) {
  if (!q.unknown.empty())
    return problem{.status = 404,
                   .code = "unknown_product",
                   .title = "A product does not exist",
                   .extra = {{"products", q.unknown}}};
  if (!q.changed.empty())
    return problem{
        .status = 409,
        .code = "price_changed",
        .title = "A price has changed",
        .extra = {{"prices", listed(q.changed, [](const quote::price_now& p) -> json {
                     return {{"productId", p.product_id}, {"price", number_from_cents(p.price)}};
                   })}}};
  if (!q.short_of.empty())
    return problem{.status = 409,
                   .code = "out_of_stock",
                   .title = "There is not enough stock",
                   .extra = {{"stock", listed(q.short_of, [](const quote::stock_now& s) -> json {
                                return {{"productId", s.product_id}, {"available", s.available}};
                              })}}};
  if (q.too_large)
    return problem{.status = 400, .code = "amount_too_large", .title = "The total is too large"};
  return std::nullopt;
}

doors open_doors(const backend& b) {
  const auto to = b.behind();
  if (!to)
    throw refused(problem_of(fault::unavailable, {}));
  return *to;
}

/// Answers as the key's first use did.
void replay(const backend& b, const call_ptr& c, const earlier_use& earlier) {
  auto show = [c, version = earlier.version](const loaded_order& o) {
    if (!o)
      throw refused(problem_of(fault::not_found, {}));
    c->answer(created({at_version(*o, version), true}));
  };
  b.calls.ask<loaded_order>(line::orders, open_doors(b).reader, c, show, view_atom::value,
                            earlier.order_id);
}

/// Answers with the order that the key made, if it made one; else refuses for `why`. A repeat must
/// get its first answer also when the stock has gone meanwhile, not least to that very order.
void replay_or_refuse(const backend& b, const doors& to, const call_ptr& c,
                      const std::optional<idempotency>& key, const problem& why) {
  if (!key || !to.keys)
    throw refused(why);
  auto show = [&b, c, why, hash = key->body_hash](const earlier_use& earlier) {
    if (earlier.order_id.empty())
      throw refused(why);
    if (earlier.body_hash != hash)
      throw refused(problem_of(fault::key_reused, {}));
    replay(b, c, earlier);
  };
  b.calls.ask<earlier_use>(line::orders, to.keys, c, show, view_atom::value, *key);
}

void place_order(const backend& b, const call_ptr& c, const draft_ptr& d, quote& q) {
  const auto to = open_doors(b);
  if (auto why = refusal_of(q))
    return replay_or_refuse(b, to, c, d->key, *why);
  d->draft.lines = std::move(q.lines);
  for (auto& line : d->draft.lines)
    line.id = b.ids();
  d->draft.total = q.total;
  b.calls.ask<create_answer>(
      line::orders, to.orders, c, [c](const create_answer& a) { c->answer(created(a)); }, *d);
}

} // namespace

void create_order(const backend& b, const doors& to, const call_ptr& c) {
  auto in = body_of(*c, body_is::required);
  auto wanted = read_order(in);
  refuse_if_bad(in.complaints());
  const auto d = std::make_shared<create_request>();
  d->draft.user_id = user_of(b, *c, &in);
  d->draft.id = to.order_ids ? to.order_ids() : b.ids();
  d->draft.shipping_address = std::move(wanted.shipping_address);
  d->key = key_of(*c, d->draft.user_id);
  d->traceparent = c->traceparent;
  b.calls.ask<quote>(
      line::catalogue, to.catalogue, c, [&b, c, d](quote& q) { place_order(b, c, d, q); },
      std::move(wanted.lines));
}

} // namespace troupe::http
