#pragma once
// The inventory database in memory, with the real rules (persistence/stock_plan.hpp). One
// `fake_inventory` is the database; any number of stores and queries work on it. Single-threaded.

#include "persistence/inventory_store.hpp"
#include "persistence/stock_plan.hpp"
#include "tests/support/fake_journal.hpp"

#include <memory>

namespace troupe::test {

struct fake_inventory {
  struct row {
    product what;
    int64_t changed_by = 0;
    int64_t initial = 0;
    std::vector<product_ledger::entry> edits; ///< oldest first
  };
  std::map<std::string, row> products;
  std::map<std::string, stock_file> orders;
  struct used_key {
    std::string body_hash, product_id;
  };
  std::map<std::string, used_key> keys;
  int64_t last_parked = 0;
  int64_t last_change = 0;
  std::shared_ptr<fake_journal> journal = std::make_shared<fake_journal>();

  void add_product(product p);
};

class fake_inventory_store : public inventory_store {
public:
  explicit fake_inventory_store(std::shared_ptr<fake_inventory> db, int64_t low_stock = 0,
                                int64_t incarnation = 0);

  /// Its session: faults, refusals, drop.
  fake_session session;

  void connect() override { session.connect(); }
  bool connected() const override { return session.connected(); }
  std::vector<stock_result> apply(std::span<const stock_input> inputs) override;
  edited_product edit(const product_edit& e) override;
  stream_log& log() override { return session; }

private:
  edited_product written(const product& before, const product_edit& e);
  void write(stock_plan& plan);

  std::shared_ptr<fake_inventory> db_;
  int64_t low_stock_;
};

class fake_inventory_queries : public inventory_queries {
public:
  explicit fake_inventory_queries(std::shared_ptr<fake_inventory> db) : db_(std::move(db)) {}

  /// While true every call throws `wait`.
  bool down = false;

  std::vector<product> list(const product_filter& by, int64_t& total) override;
  std::optional<product> find(const std::string& id) override;
  std::optional<product_ledger> ledger(const std::string& id) override;
  int64_t count_active() override;
  std::vector<product> changed_since(int64_t& mark) override;
  void ping() override { check(); }

private:
  void check() const;

  std::shared_ptr<fake_inventory> db_;
};

} // namespace troupe::test
