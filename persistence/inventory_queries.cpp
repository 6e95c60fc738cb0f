#include "persistence/inventory_store.hpp"
#include "persistence/pg.hpp"

#include <string_view>
#include <utility>

namespace troupe {

namespace {

#define TROUPE_PRODUCT_COLUMNS                                                                     \
  "id, name, description, category, image_url, price, stock, reserved, sold, active, version,"     \
  " (extract(epoch from created_at) * 1000000)::bigint,"                                           \
  " (extract(epoch from updated_at) * 1000000)::bigint"

// `total` needs a window over all that match, also past the limit.
constexpr std::string_view list_sql
    = "select " TROUPE_PRODUCT_COLUMNS ", count(*) over () from products"
      " where ($1::text = '' or category = $1)"
      " and ($2::text = '' or name ilike $2 or description ilike $2)"
      " and ($3::bigint is null or price >= $3) and ($4::bigint is null or price <= $4)"
      " and (active or not $5::boolean) order by name, id limit $6::integer";

constexpr std::string_view find_sql
    = "select " TROUPE_PRODUCT_COLUMNS " from products where id = $1::text";

constexpr std::string_view count_sql = "select count(*) from products where active";

constexpr std::string_view mark_sql
    = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

constexpr std::string_view changed_sql
    = "select " TROUPE_PRODUCT_COLUMNS " from products"
      " where changed_by >= ($1::bigint)::text::xid8 order by id";

constexpr std::string_view ping_sql = "select 1";

#undef TROUPE_PRODUCT_COLUMNS

product read_product(const pg::result& rows, int i) {
  product p;
  p.id = rows.text(i, 0);
  p.name = rows.text(i, 1);
  p.description = rows.text(i, 2);
  p.category = rows.text(i, 3);
  p.image_url = rows.text(i, 4);
  p.price = rows.integer(i, 5);
  p.stock = rows.integer(i, 6);
  p.reserved = rows.integer(i, 7);
  p.sold = rows.integer(i, 8);
  p.active = rows.boolean(i, 9);
  p.version = rows.small(i, 10);
  p.created_at = rows.time(i, 11);
  p.updated_at = rows.time(i, 12);
  return p;
}

std::vector<product> read_products(const pg::result& rows) {
  std::vector<product> all;
  all.reserve(static_cast<size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i)
    all.push_back(read_product(rows, i));
  return all;
}

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

class pg_inventory_queries : public inventory_queries {
public:
  explicit pg_inventory_queries(std::string conninfo) : session_(std::move(conninfo)) {}

  std::vector<product> list(const product_filter& by, int64_t& total) override {
    return session_.run([&](pg::connection& on) {
      const auto rows = on.exec(list_sql, {by.category, containing(by.search), by.min_price,
                                           by.max_price, by.only_active, by.limit});
      total = rows.rows() > 0 ? rows.integer(0, 13) : 0;
      return read_products(rows);
    });
  }

  std::optional<product> find(const std::string& id) override {
    return session_.run([&](pg::connection& on) -> std::optional<product> {
      const auto rows = on.exec(find_sql, {id});
      if (rows.rows() == 0)
        return std::nullopt;
      return read_product(rows, 0);
    });
  }

  int64_t count_active() override {
    return session_.run([](pg::connection& on) { return on.exec(count_sql).integer(0, 0); });
  }

  std::vector<product> changed_since(int64_t& mark) override {
    return session_.run([&](pg::connection& on) {
      // The mark first: what commits between the two statements is told now and once more.
      const auto next = on.exec(mark_sql).integer(0, 0);
      auto changed = read_products(on.exec(changed_sql, {mark}));
      mark = next;
      return changed;
    });
  }

  void ping() override {
    session_.run([](pg::connection& on) { on.exec(ping_sql); });
  }

private:
  pg::lazy_connection session_;
};

} // namespace

std::unique_ptr<inventory_queries> make_inventory_queries(std::string conninfo) {
  return std::make_unique<pg_inventory_queries>(std::move(conninfo));
}

} // namespace troupe
