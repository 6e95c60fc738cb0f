#include "persistence/product_rows.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace troupe::pg {

namespace {

#define TROUPE_PRODUCTS_MATCHING                                                                   \
  " from products where ($1::text = '' or category = $1)"                                          \
  " and ($2::text = '' or name ilike $2 or description ilike $2)"                                  \
  " and ($3::bigint is null or price >= $3) and ($4::bigint is null or price <= $4)"               \
  " and (active or not $5::boolean)"

constexpr std::string_view count_sql = "select count(*)" TROUPE_PRODUCTS_MATCHING;

// Keys that are compared as a row are what lets an index find where the page begins. $8 is the name
// or, as a number, the price or the microseconds of the creation.
#define TROUPE_PAGE(behind, order)                                                                 \
  "select " TROUPE_PRODUCT_COLUMNS TROUPE_PRODUCTS_MATCHING behind " order by " order              \
  " limit $6::integer"
#define TROUPE_CREATED "timestamptz 'epoch' + $8::bigint * interval '1 microsecond'"

/// By order, then direction, then whether it is the first page.
constexpr std::string_view page_sql[3][2][2]
    = {{{TROUPE_PAGE(" and (name, id) > ($8::text, $7::text)", "name, id"),
         TROUPE_PAGE("", "name, id")},
        {TROUPE_PAGE(" and (name, id) < ($8::text, $7::text)", "name desc, id desc"),
         TROUPE_PAGE("", "name desc, id desc")}},
       {{TROUPE_PAGE(" and (price, id) > ($8::bigint, $7::text)", "price, id"),
         TROUPE_PAGE("", "price, id")},
        {TROUPE_PAGE(" and (price, id) < ($8::bigint, $7::text)", "price desc, id desc"),
         TROUPE_PAGE("", "price desc, id desc")}},
       {{TROUPE_PAGE(" and (created_at, id) > (" TROUPE_CREATED ", $7::text)", "created_at, id"),
         TROUPE_PAGE("", "created_at, id")},
        {TROUPE_PAGE(" and (created_at, id) < (" TROUPE_CREATED ", $7::text)",
                     "created_at desc, id desc"),
         TROUPE_PAGE("", "created_at desc, id desc")}}};

#undef TROUPE_CREATED
#undef TROUPE_PAGE
#undef TROUPE_PRODUCTS_MATCHING

/// A pattern that finds `text` literally anywhere; empty for empty.
std::string containing(std::string_view text) {
  if (text.empty())
    return {};
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\')
      pattern += '\\';
    pattern += c;
  }
  return pattern + '%';
}

std::vector<param> filters_of(const product_filter& by) {
  return {by.category, containing(by.search), by.min_price, by.max_price, by.only_active};
}

} // namespace

product read_product(const result& rows, int row) {
  product p;
  p.id = rows.text(row, 0);
  p.name = rows.text(row, 1);
  p.description = rows.text(row, 2);
  p.category = rows.text(row, 3);
  p.image_url = rows.text(row, 4);
  p.price = rows.integer(row, 5);
  p.stock = rows.integer(row, 6);
  p.reserved = rows.integer(row, 7);
  p.sold = rows.integer(row, 8);
  p.active = rows.boolean(row, 9);
  p.version = rows.small(row, 10);
  p.created_at = rows.time(row, 11);
  p.updated_at = rows.time(row, 12);
  return p;
}

std::vector<product> read_products(const result& rows) {
  std::vector<product> all;
  all.reserve(static_cast<size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i)
    all.push_back(read_product(rows, i));
  return all;
}

statement page_of_products(const product_filter& by) {
  auto values = filters_of(by);
  values.emplace_back(by.limit);
  if (by.after) {
    values.emplace_back(by.after->id);
    if (by.order == product_order::name)
      values.emplace_back(by.after->name);
    else
      values.emplace_back(by.after->number);
  }
  const auto order = static_cast<size_t>(by.order);
  return {page_sql[order][by.descending ? 1 : 0][by.after ? 0 : 1], std::move(values)};
}

statement count_products(const product_filter& by) {
  return {count_sql, filters_of(by)};
}

} // namespace troupe::pg
