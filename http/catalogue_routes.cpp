#include "http/catalogue_routes.hpp"

#include "http/fault_table.hpp"
#include "http/serve.hpp"

#include <string>
#include <utility>

namespace troupe::http {

namespace {

template <class F>
response page_answer(const product_page& page, F show) {
  auto result = json_answer(200, array_view(page.products, show));
  result.headers.emplace_back("X-Total-Count", std::to_string(page.total));
  return result;
}

void list_products(const backend& b, const doors& to, const call_ptr& c) {
  complaints bad;
  auto filter = read_product_filter(c->asked, bad);
  refuse_if_bad(bad);
  b.calls.ask<product_page>(
      line::catalogue, to.catalogue, c,
      [c](const product_page& page) { c->answer(page_answer(page, product_view)); },
      list_atom::value, std::move(filter));
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
  complaints bad;
  auto filter = read_product_filter(c->asked, bad);
  refuse_if_bad(bad);
  filter.only_active = false;
  auto show = [c, low = b.options.low_stock](const product_page& page) {
    c->answer(page_answer(page, [low](const product& p) { return inventory_view(p, low); }));
  };
  b.calls.ask<product_page>(line::catalogue, to.catalogue, c, show, list_atom::value,
                            std::move(filter));
}

} // namespace

void add_catalogue_routes(front& f, const backend& b) {
  f.get("/products", serve(b, list_products));
  f.get("/products/:id", serve(b, view_product));
  f.get("/inventory", serve(b, list_inventory));
}

} // namespace troupe::http
