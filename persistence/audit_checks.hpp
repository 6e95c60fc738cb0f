#pragma once
// The checks of the audit, each a number, a name and the parts that it consists of: statements on
// one database, or functions that compare two. Internal to the audit.

#include "persistence/audit.hpp"
#include "persistence/pg.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::auditing {

/// The snapshots, in the order in which they are taken. What `orders` shows has its causes and
/// consequences in the others: what an earlier snapshot shows as done has its cause in every later
/// one. `payments_after` and `orders_after` are taken last.
enum class view { orders, payments, gateway, emailing, inventory, payments_after, orders_after };

/// All snapshots, open until the end, so that each shows one moment.
class snapshots {
public:
  /// On sessions of its own.
  snapshots(const audit_databases& at, const audit_options& how);
  /// On the caller's, who sees to it that nothing moves meanwhile. Without the gateway's: its books
  /// are not compared.
  snapshots(std::map<view, pg::connection*> sessions, const audit_options& how);
  bool has(view v) const { return see_.contains(v); }
  pg::result read(view v, std::string_view sql, std::vector<pg::param> params = {});

private:
  struct session {
    explicit session(const std::string& conninfo);
    pg::connection on;
    pg::transaction all;
  };
  void allow(const audit_options& how);

  std::vector<std::unique_ptr<session>> own_;
  std::map<view, pg::connection*> see_;
};

/// Where a part puts what it has found.
class findings {
public:
  explicit findings(audit_line& to) : to_(to) {}
  void add(const std::string& what) { add(1, what); }
  /// `count` violations, of which `what` is one.
  void add(int64_t count, const std::string& what);

private:
  audit_line& to_;
};

struct context {
  snapshots& see;
  audit_options how;
};

/// A statement on one database that gives `count bigint, example text`, with the whole count in
/// each row. No rows: nothing wrong.
struct statement_part {
  view where = view::orders;
  std::string_view sql;
  bool only_quiesced = false;
};

/// A comparison across databases.
struct compare_part {
  void (*compare)(context& c, findings& to) = nullptr;
  bool only_quiesced = false;
  bool needs_gateway = false;
};

struct check {
  int number = 0;
  std::string_view name;
  std::span<const statement_part> statements;
  std::span<const compare_part> comparisons;
};

/// By number.
std::span<const check> all_checks();

/// Makes them all, by number.
std::vector<audit_line> run_checks(snapshots& see, const audit_options& how);

// The comparisons, by what they are about.

// audit_history.cpp
void histories(context& c, findings& to);        ///< 8
void events_of_orders(context& c, findings& to); ///< 9

// audit_stock.cpp
void orders_and_ledger(context& c, findings& to);   ///< 4
void unsold_orders(context& c, findings& to);       ///< 4
void stock_without_order(context& c, findings& to); ///< 4

// audit_money.cpp
void captures_and_totals(context& c, findings& to);   ///< 5
void books_and_attempts(context& c, findings& to);    ///< 6
void attempts_and_books(context& c, findings& to);    ///< 6
void paid_without_capture(context& c, findings& to);  ///< 7
void payments_and_orders(context& c, findings& to);   ///< 7
void capture_without_order(context& c, findings& to); ///< 7

// audit_events.cpp
void events_at_inventory(context& c, findings& to);    ///< 11
void events_at_payments(context& c, findings& to);     ///< 11
void answers_at_orders(context& c, findings& to);      ///< 11
void missing_notifications(context& c, findings& to);  ///< 17
void invented_notifications(context& c, findings& to); ///< 17

/// Rows a chunk.
constexpr int chunk = 1000;

/// Reads `sql` chunk by chunk until one is empty: `$1` is the key (column 0, as text) of the last
/// row seen, at first empty, `$2` the limit; rows come by the key. Calls `f` with each chunk.
template <class F>
void each_chunk(context& c, view v, std::string_view sql, F f) {
  for (std::string last;;) {
    const auto rows = c.see.read(v, sql, {last, chunk});
    if (rows.rows() == 0)
      return;
    f(rows);
    last = rows.text(rows.rows() - 1, 0);
  }
}

/// One column of a chunk.
std::vector<std::string> column(const pg::result& rows, int which);

/// Row numbers of a result by its first column, which is unique.
std::map<std::string, int, std::less<>> by_key(const pg::result& rows);

/// "3 × a, 1 × b" for a list of units.
std::string units_text(const std::map<std::string, int64_t>& units);

} // namespace troupe::auditing
