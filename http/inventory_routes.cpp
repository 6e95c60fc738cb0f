#include "http/inventory_routes.hpp"

#include "http/if_match.hpp"
#include "http/serve.hpp"
#include "http/who.hpp"

#include <optional>
#include <string>
#include <utility>

namespace troupe::http {

namespace {

using place = json_input::pointer;

constexpr size_t max_name_bytes = 200;
constexpr size_t max_category_bytes = 100;
constexpr size_t max_description_bytes = 4000;
constexpr size_t max_url_bytes = 2000;
constexpr int64_t max_stock = 1'000'000'000;

/// A text that somebody can read.
std::optional<std::string> read_label(json_input& in, const place& at, size_t longest) {
  auto text = in.text(at, longest);
  if (text && text->find_first_not_of(" \t\r\n") == std::string::npos)
    in.complain(at, "must not be blank");
  return text;
}

/// No gateway charges nothing, so nothing is sold for nothing.
std::optional<cents> read_price(json_input& in) {
  const place at("/price");
  auto price = in.amount(at);
  if (price == cents{0})
    in.complain(at, "must be more than 0");
  return price;
}

std::optional<bool> read_flag(json_input& in, const place& at) {
  const auto* found = in.find(at);
  if (found == nullptr)
    return std::nullopt;
  if (!found->is_boolean()) {
    in.complain(at, "must be true or false");
    return std::nullopt;
  }
  return found->get<bool>();
}

product_edit read_edit(json_input& in) {
  product_edit e;
  e.name = read_label(in, place("/name"), max_name_bytes);
  e.description = in.text(place("/description"), max_description_bytes);
  e.category = read_label(in, place("/category"), max_category_bytes);
  e.image_url = in.text(place("/imageUrl"), max_url_bytes);
  e.price = read_price(in);
  e.stock = in.integer(place("/stock"), 0, max_stock);
  return e;
}

bool changes_nothing(const product_edit& e) {
  return !e.name && !e.description && !e.category && !e.image_url && !e.price && !e.stock
         && !e.active;
}

response row_answer(const backend& b, int status, const product& p) {
  auto result = json_answer(status, inventory_view(p, b.options.low_stock));
  result.headers.emplace_back("ETag", etag_of(p.version));
  return result;
}

void create_product(const backend& b, const doors& to, const call_ptr& c) {
  require_admin(b, *c);
  auto in = body_of(*c, body_is::required);
  for (const auto* needed : {"/name", "/description", "/price", "/stock", "/category"})
    in.complain_if_absent(place(needed));
  auto e = read_edit(in);
  auto id = in.id(place("/id"));
  refuse_if_bad(in.complaints());
  e.creates = true;
  e.id = id ? std::move(*id) : b.ids();
  e.traceparent = c->traceparent;
  e.key = key_of(*c, user_of(b, *c, &in));
  b.calls.ask<product_answer>(
      line::catalogue, to.catalogue, c,
      [&b, c](const product_answer& a) {
        auto answer = row_answer(b, 201, a.now);
        answer.headers.emplace_back("Location", "/products/" + a.now.id);
        if (a.repeated)
          answer.headers.emplace_back("Idempotent-Replayed", "true");
        c->answer(std::move(answer));
      },
      edit_atom::value, std::move(e));
}

void edit_product(const backend& b, const doors& to, const call_ptr& c) {
  require_admin(b, *c);
  const auto id = id_of(*c);
  auto in = body_of(*c, body_is::required);
  auto e = read_edit(in);
  e.active = read_flag(in, place("/active"));
  if (in.good() && changes_nothing(e))
    in.complain(place(), "must hold something to change");
  refuse_if_bad(in.complaints());
  e.id = id;
  e.traceparent = c->traceparent;
  if (const auto condition = c->asked.header("If-Match"))
    e.versions = versions_in(*condition);
  b.calls.ask<product_answer>(
      line::catalogue, to.catalogue, c,
      [&b, c](const product_answer& a) { c->answer(row_answer(b, 200, a.now)); }, edit_atom::value,
      std::move(e));
}

} // namespace

void add_inventory_routes(front& f, const backend& b) {
  f.post("/inventory", serve(b, create_product));
  f.put("/inventory/:id", serve(b, edit_product));
}

} // namespace troupe::http
