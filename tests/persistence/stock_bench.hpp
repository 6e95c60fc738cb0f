#pragma once
// The inventory store under test, real and fake behind one face, and the inputs that tests give it.

#include "persistence/inventory_store.hpp"
#include "tests/persistence/shared_database.hpp"
#include "tests/support/fake_inventory_store.hpp"

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace troupe::test {

inline incoming_event origin_of(std::string_view topic, const std::string& order_id) {
  incoming_event e;
  e.topic = topic;
  e.key = order_id;
  e.value = R"({"orderId":")" + order_id + R"("})";
  e.id = "order-" + std::string(topic) + "-" + order_id;
  e.source = "/troupe/order";
  e.traceparent = "00-trace-" + order_id;
  return e;
}

inline stock_input created(const std::string& order_id, std::vector<stock_line> lines) {
  return {stock_verb::order_created, order_id, std::move(lines),
          origin_of(topic::order_created, order_id)};
}
inline stock_input paid(const std::string& order_id) {
  return {stock_verb::payment_success, order_id, {}, origin_of(topic::payment_success, order_id)};
}
inline stock_input cancelled(const std::string& order_id) {
  return {stock_verb::order_cancelled, order_id, {}, origin_of(topic::order_cancelled, order_id)};
}

/// Applies one input.
inline stock_result apply_one(inventory_store& to, const stock_input& in) {
  return to.apply(std::vector{in}).at(0);
}

/// Units of a product, for comparisons that print well.
struct units {
  int64_t stock = 0, reserved = 0, sold = 0;
  bool operator==(const units&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const units& u) {
  return out << u.stock << " in stock, " << u.reserved << " reserved, " << u.sold << " sold";
}

class real_stock {
public:
  real_stock() { db.session().exec("insert into incarnations (incarnation) values (7)"); }

  std::unique_ptr<inventory_store> open(int64_t low_stock = 0) const {
    auto store = make_inventory_store(db.conninfo(), 7, low_stock);
    store->connect();
    return store;
  }
  std::unique_ptr<inventory_queries> queries() const {
    return make_inventory_queries(db.conninfo());
  }
  void add(const product& p) {
    db.session().exec("insert into products (id, name, description, category, price, stock,"
                      " initial, active) values ($1, $2, $3, $4, $5::bigint, $6::bigint,"
                      " $6::bigint, $7::boolean)",
                      {p.id, p.name, p.description, p.category, p.price, p.stock, p.active});
  }
  std::string state(const std::string& order_id) {
    return db.value("select state from stock_orders where order_id = $1", {order_id});
  }
  int64_t parked() { return db.number("select count(*) from parked_events"); }
  int64_t ledger_rows() { return db.number("select count(*) from stock_ledger"); }
  void break_session(inventory_store&) { db.terminate_others(); }

  pg_database& db = emptied(database::inventory);
};

class fake_stock {
public:
  std::unique_ptr<inventory_store> open(int64_t low_stock = 0) const {
    auto store = std::make_unique<fake_inventory_store>(db, low_stock);
    store->connect();
    return store;
  }
  std::unique_ptr<inventory_queries> queries() const {
    return std::make_unique<fake_inventory_queries>(db);
  }
  void add(const product& p) { db->add_product(p); }
  std::string state(const std::string& order_id) {
    return std::string(to_string(db->orders[order_id].record.state));
  }
  int64_t parked() {
    int64_t all = 0;
    for (const auto& [id, file] : db->orders)
      all += static_cast<int64_t>(file.waiting.size());
    return all;
  }
  int64_t ledger_rows() { return static_cast<int64_t>(db->journal->rows.size()); }
  void break_session(inventory_store& store) {
    dynamic_cast<fake_inventory_store&>(store).session.drop();
  }

  std::shared_ptr<fake_inventory> db = std::make_shared<fake_inventory>();
};

inline product article(const std::string& id, int64_t stock) {
  product p;
  p.id = id;
  p.name = "Article " + id;
  p.category = "Things";
  p.price = 1000;
  p.stock = stock;
  return p;
}

template <class Bench>
units units_of(Bench& bench, const std::string& product_id) {
  const auto p = bench.queries()->find(product_id).value();
  return {p.stock, p.reserved, p.sold};
}

} // namespace troupe::test
