#include "http/analytics_routes.hpp"

#include "http/serve.hpp"

#include <memory>
#include <utility>

namespace troupe::http {

namespace {

/// The orders' figures first, then the one that only the catalogue knows.
void order_analytics(const backend& b, const doors& to, const call_ptr& c) {
  require_admin(b, *c);
  auto add_products = [&b, c, catalogue = to.catalogue](order_figures& figures) {
    auto known = std::make_shared<const order_figures>(std::move(figures));
    b.calls.ask<int64_t>(
        line::catalogue, catalogue, c,
        [c, known](int64_t active) { c->answer(json_answer(200, analytics_view(*known, active))); },
        count_atom::value);
  };
  b.calls.ask<order_figures>(line::figures, to.reader, c, add_products, figures_atom::value);
}

} // namespace

void add_analytics_routes(front& f, const backend& b) {
  f.get("/analytics/orders", serve(b, order_analytics));
}

} // namespace troupe::http
