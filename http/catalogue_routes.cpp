#include "http/catalogue_routes.hpp"

#include "http/fault_table.hpp"
#include "http/paging.hpp"
#include "http/serve.hpp"

#include <string>
#include <utility>
#include <vector>

namespace troupe::http {

namespace {

/// The name of a filter's order, as cursors hold it. Inactive products are no part of the first.
std::string order_name(const product_filter& by) {
  std::string name = by.only_active ? "products " : "inventory ";
  name += by.descending ? "-" : "+";
  return name + std::to_string(static_cast<int>(by.order));
}

std::vector<std::string> keys_of(const product_filter& by, const product& p) {
  switch (by.order) {
    case product_order::name:
      return {p.name, p.id};
    case product_order::price:
      return {std::to_string(p.price), p.id};
    case product_order::created:
      break;
  }
  return {std::to_string(p.created_at.time_since_epoch().count()), p.id};
}

/// The filter with the cursor's place, asking for one row more than the page shows.
product_filter read_page(const request& q, bool only_active) {
  complaints bad;
  auto by = read_product_filter(q, bad);
  by.only_active = only_active;
  const auto keys = read_cursor(q, order_name(by), 2, bad);
  if (!keys.empty()) {
    const bool named = by.order == product_order::name;
    by.after = {named ? keys[0] : "", named ? 0 : key_number(keys[0], bad), keys[1]};
  }
  refuse_if_bad(bad);
  ++by.limit;
  return by;
}

template <class F>
response page_answer(const request& q, product_page page, const product_filter& by, F show) {
  const bool more = cut_to_page(page.products, by.limit - 1);
  auto answer = json_answer(200, array_view(page.products, show));
  answer.headers.emplace_back("X-Total-Count", std::to_string(page.total));
  if (more)
    link_next(answer, q, order_name(by), keys_of(by, page.products.back()));
  return answer;
}

template <class F>
void list_page(const backend& b, const doors& to, const call_ptr& c, bool only_active, F show) {
  auto by = read_page(c->asked, only_active);
  b.calls.ask<product_page>(
      line::catalogue, to.catalogue, c,
      [c, by, show](product_page& page) {
        c->answer(page_answer(c->asked, std::move(page), by, show));
      },
      list_atom::value, by);
}

void list_products(const backend& b, const doors& to, const call_ptr& c) {
  list_page(b, to, c, true, product_view);
}

void view_product(const backend& b, const doors& to, const call_ptr& c) {
  auto show = [c](const product& p) {
    if (!p.active)
      throw refused(problem_of(fault::not_found, {}));
    c->answer(json_answer(200, product_view(p)));
  };
  b.calls.ask<product>(line::catalogue, to.catalogue, c, show, view_atom::value, id_of(*c));
}

void list_inventory(const backend& b, const doors& to, const call_ptr& c) {
  require_admin(b, *c);
  list_page(b, to, c, false,
            [low = b.options.low_stock](const product& p) { return inventory_view(p, low); });
}

void view_ledger(const backend& b, const doors& to, const call_ptr& c) {
  require_admin(b, *c);
  b.calls.ask<product_ledger>(
      line::catalogue, to.catalogue, c,
      [c](const product_ledger& found) { c->answer(json_answer(200, ledger_view(found))); },
      ledger_atom::value, id_of(*c));
}

} // namespace

void add_catalogue_routes(front& f, const backend& b) {
  f.get("/products", serve(b, list_products));
  f.get("/products/:id", serve(b, view_product));
  f.get("/inventory", serve(b, list_inventory));
  f.get("/inventory/:id/ledger", serve(b, view_ledger));
}

} // namespace troupe::http
