#include "persistence/inventory_store.hpp"
#include "persistence/pg.hpp"
#include "persistence/product_rows.hpp"

#include <string_view>
#include <utility>

namespace troupe {

namespace {

constexpr std::string_view find_sql
    = "select " TROUPE_PRODUCT_COLUMNS " from products where id = $1::text";

constexpr std::string_view sums_sql
    = "select " TROUPE_PRODUCT_COLUMNS ", initial, adjusted from products where id = $1::text";

// A row without an order is an edit; its step is the product's version.
constexpr std::string_view edits_sql
    = "select kind = 'create', step, (lines -> 0 ->> 'quantity')::bigint,"
      " (lines -> 0 ->> 'price')::bigint, (extract(epoch from at) * 1000000)::bigint"
      " from stock_ledger where order_id is null and lines -> 0 ->> 'productId' = $1::text"
      " order by step desc limit 100";

constexpr std::string_view count_sql = "select count(*) from products where active";

constexpr std::string_view snapshot_sql
    = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

constexpr std::string_view changed_sql
    = "select " TROUPE_PRODUCT_COLUMNS " from products"
      " where changed_by >= ($1::bigint)::text::xid8 order by id";

std::vector<product_ledger::entry> read_edits(const pg::result& rows) {
  std::vector<product_ledger::entry> all;
  all.reserve(static_cast<size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i) {
    const auto price = rows.null(i, 3) ? std::nullopt : std::optional(rows.integer(i, 3));
    all.push_back(
        {rows.boolean(i, 0), rows.small(i, 1), rows.integer(i, 2), price, rows.time(i, 4)});
  }
  return all;
}

class pg_inventory_queries : public inventory_queries {
public:
  explicit pg_inventory_queries(std::string conninfo)
      : session_(std::move(conninfo), {.one_snapshot = true}) {}

  std::vector<product> list(const product_filter& by, int64_t& total) override {
    return session_.run([&](pg::connection& on) {
      const auto rows = on.pipeline(std::vector{pg::page_of_products(by), pg::count_products(by)});
      total = rows[1].integer(0, 0);
      return pg::read_products(rows[0]);
    });
  }

  std::optional<product> find(const std::string& id) override {
    return session_.run([&](pg::connection& on) -> std::optional<product> {
      const auto rows = on.exec(find_sql, {id});
      if (rows.rows() == 0)
        return std::nullopt;
      return pg::read_product(rows, 0);
    });
  }

  std::optional<product_ledger> ledger(const std::string& id) override {
    return session_.run([&](pg::connection& on) -> std::optional<product_ledger> {
      const auto rows
          = on.pipeline(std::vector<pg::statement>{{sums_sql, {id}}, {edits_sql, {id}}});
      if (rows[0].rows() == 0)
        return std::nullopt;
      constexpr int initial = pg::product_columns;
      return product_ledger{pg::read_product(rows[0], 0), rows[0].integer(0, initial),
                            rows[0].integer(0, initial + 1), read_edits(rows[1])};
    });
  }

  int64_t count_active() override {
    return session_.run([](pg::connection& on) { return on.exec(count_sql).integer(0, 0); });
  }

  std::vector<product> changed_since(int64_t& mark) override {
    return session_.run([&](pg::connection& on) {
      // The mark first: what commits between the two statements is told now and once more.
      const auto next = on.exec(snapshot_sql).integer(0, 0);
      auto changed = pg::read_products(on.exec(changed_sql, {mark}));
      mark = next;
      return changed;
    });
  }

  void ping() override {
    session_.run([](pg::connection& on) { on.exec("select 1"); });
  }

private:
  pg::lazy_connection session_;
};

} // namespace

std::unique_ptr<inventory_queries> make_inventory_queries(std::string conninfo) {
  return std::make_unique<pg_inventory_queries>(std::move(conninfo));
}

} // namespace troupe
