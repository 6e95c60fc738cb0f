#include "persistence/product_edit.hpp"

#include "domain/json.hpp"
#include "persistence/stock_plan.hpp"

#include <algorithm>
#include <tuple>

namespace troupe {

namespace {

template <class T>
void set(T& to, const std::optional<T>& wanted) {
  if (wanted)
    to = *wanted;
}

auto fields_of(const product& p) {
  return std::tie(p.id, p.name, p.description, p.category, p.image_url, p.price, p.stock, p.active);
}

} // namespace

product edited(product now, const product_edit& e) {
  now.id = e.id;
  set(now.name, e.name);
  set(now.description, e.description);
  set(now.category, e.category);
  set(now.image_url, e.image_url);
  set(now.price, e.price);
  set(now.stock, e.stock);
  set(now.active, e.active);
  return now;
}

bool allows(const product_edit& e, int32_t version) {
  return !e.versions || std::ranges::find(*e.versions, version) != e.versions->end();
}

bool same_product(const product& a, const product& b) {
  return fields_of(a) == fields_of(b);
}

std::string edit_lines(const product& before, const product& after) {
  nlohmann::json line = {{"productId", after.id}, {"quantity", after.stock - before.stock}};
  if (before.version == 0 || before.price != after.price)
    line["price"] = after.price;
  return canonical(nlohmann::json::array({line}));
}

std::vector<event> edit_notices(const product& before, const product& after, int64_t low_stock,
                                const std::string& traceparent) {
  if (before.version == 0 || before.stock <= low_stock || after.stock > low_stock)
    return {};
  return {low_stock_notice(after.id, after.name, after.stock, traceparent)};
}

} // namespace troupe
