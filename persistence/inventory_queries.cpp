#include "persistence/inventory_store.hpp"
#include "persistence/pg.hpp"
#include "persistence/product_rows.hpp"

#include <string_view>
#include <utility>

namespace troupe {

namespace {

constexpr std::string_view find_sql
    = "select " TROUPE_PRODUCT_COLUMNS " from products where id = $1::text";

constexpr std::string_view count_sql = "select count(*) from products where active";

constexpr std::string_view mark_sql
    = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

constexpr std::string_view changed_sql
    = "select " TROUPE_PRODUCT_COLUMNS " from products"
      " where changed_by >= ($1::bigint)::text::xid8 order by id";

constexpr std::string_view ping_sql = "select 1";

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

  int64_t count_active() override {
    return session_.run([](pg::connection& on) { return on.exec(count_sql).integer(0, 0); });
  }

  std::vector<product> changed_since(int64_t& mark) override {
    return session_.run([&](pg::connection& on) {
      // The mark first: what commits between the two statements is told now and once more.
      const auto next = on.exec(mark_sql).integer(0, 0);
      auto changed = pg::read_products(on.exec(changed_sql, {mark}));
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
