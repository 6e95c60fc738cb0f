#include "persistence/gateway_ledger.hpp"

#include "persistence/pg.hpp"

#include <utility>

namespace troupe {

namespace {

#define TROUPE_LEDGER_COLUMNS                                                                      \
  "key, kind, status, charge_key, order_id, amount, currency, card_last4, transaction_id,"         \
  " reason, calls, refunded_by is not null"

// On a conflict the row is locked, raised and returned: whoever comes second waits for the first
// and reads its outcome. `xmax = 0` holds for a row that this statement inserted.
constexpr std::string_view record_sql
    = "insert into ledger as l (key, kind, status, charge_key, order_id, amount, currency,"
      " card_last4, transaction_id, reason, calls)"
      " values ($1, $2, $3, nullif($4, ''), $5, $6::bigint, $7, $8, $9, $10, 1)"
      " on conflict (key) do update set calls = l.calls + 1"
      " returning " TROUPE_LEDGER_COLUMNS ", xmax = 0";

// The update changes nothing: it is there to wait for a charge that is just being written.
constexpr std::string_view void_sql
    = "insert into ledger as l (key, kind, status, reason) values ($1, 'charge', 'voided', $2)"
      " on conflict (key) do update set calls = l.calls"
      " returning " TROUPE_LEDGER_COLUMNS;

// Under the charge's row lock: of two refunds of one charge only one finds it unrefunded.
constexpr std::string_view take_back_sql
    = "update ledger set refunded_by = $1 where key = $2 and kind = 'charge'"
      " and status = 'captured' and amount = $3::bigint and refunded_by is null"
      " returning order_id";

constexpr std::string_view refunded_sql
    = "update ledger set status = 'refunded', reason = '', order_id = $2, transaction_id = $3"
      " where key = $1 returning " TROUPE_LEDGER_COLUMNS;

constexpr std::string_view find_entry_sql
    = "select " TROUPE_LEDGER_COLUMNS " from ledger where key = $1";

constexpr std::string_view of_order_sql
    = "select " TROUPE_LEDGER_COLUMNS " from ledger where order_id = $1 order by created_at, key";

#undef TROUPE_LEDGER_COLUMNS

ledger_entry entry_at(const pg::result& rows, int row) {
  return {.key = rows.text(row, 0),
          .kind = rows.text(row, 1),
          .status = rows.text(row, 2),
          .charge_key = rows.text(row, 3),
          .order_id = rows.text(row, 4),
          .amount = rows.integer(row, 5),
          .currency = rows.text(row, 6),
          .card_last4 = rows.text(row, 7),
          .transaction_id = rows.text(row, 8),
          .reason = rows.text(row, 9),
          .calls = rows.integer(row, 10),
          .refunded = rows.boolean(row, 11)};
}

constexpr int fresh_column = 12;

pg::statement recording(const ledger_entry& wanted) {
  return {record_sql,
          {wanted.key, wanted.kind, wanted.status, wanted.charge_key, wanted.order_id,
           wanted.amount, wanted.currency, wanted.card_last4, wanted.transaction_id,
           wanted.reason}};
}

class pg_gateway_ledger : public gateway_ledger {
public:
  explicit pg_gateway_ledger(std::string conninfo)
      : up_(std::move(conninfo), {.plans = pg::planning::by_keys}) {}

  // All of these may run twice (a lost answer): a key that is known is only looked at.

  ledger_entry record(const ledger_entry& wanted, bool& fresh) override {
    return up_.run([&](pg::connection& on) {
      auto rows = on.exec(recording(wanted));
      fresh = rows.boolean(0, fresh_column);
      return entry_at(rows, 0);
    });
  }

  ledger_entry void_charge(const std::string& key, const std::string& reason) override {
    return up_.run([&](pg::connection& on) {
      return entry_at(on.exec(void_sql, {key, reason}), 0);
    });
  }

  ledger_entry refund(const std::string& key, const std::string& charge_key, cents amount,
                      const std::string& transaction_id) override {
    ledger_entry refusal;
    refusal.key = key;
    refusal.kind = "refund";
    refusal.status = "refused";
    refusal.charge_key = charge_key;
    refusal.amount = amount;
    refusal.reason = "not a captured, unrefunded charge of that amount";
    return up_.run([&](pg::connection& on) {
      pg::transaction whole(on);
      auto first = on.exec(recording(refusal));
      auto entry = entry_at(first, 0);
      if (first.boolean(0, fresh_column)) {
        auto charge = on.exec(take_back_sql, {key, charge_key, amount});
        if (charge.rows() == 1)
          entry = entry_at(on.exec(refunded_sql, {key, charge.text(0, 0), transaction_id}), 0);
      }
      whole.commit();
      return entry;
    });
  }

  std::optional<ledger_entry> find(const std::string& key) override {
    return up_.run([&](pg::connection& on) -> std::optional<ledger_entry> {
      auto rows = on.exec(find_entry_sql, {key});
      if (rows.rows() == 0)
        return std::nullopt;
      return entry_at(rows, 0);
    });
  }

  std::vector<ledger_entry> of_order(const std::string& order_id) override {
    return up_.run([&](pg::connection& on) {
      auto rows = on.exec(of_order_sql, {order_id});
      std::vector<ledger_entry> all;
      all.reserve(static_cast<size_t>(rows.rows()));
      for (int row = 0; row < rows.rows(); ++row)
        all.push_back(entry_at(rows, row));
      return all;
    });
  }

  void ping() override {
    up_.run([](pg::connection& on) { return on.exec("select 1").rows(); });
  }

private:
  pg::lazy_connection up_;
};

} // namespace

std::unique_ptr<gateway_ledger> make_gateway_ledger(std::string conninfo) {
  return std::make_unique<pg_gateway_ledger>(std::move(conninfo));
}

} // namespace troupe
