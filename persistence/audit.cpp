#include "persistence/audit_checks.hpp"

namespace troupe {

namespace auditing {

namespace {

using namespace std::chrono_literals;

// So that the transaction that follows is read-only and may last.
constexpr std::string_view settings_sql
    = "select set_config('default_transaction_read_only', 'on', false),"
      " set_config('idle_in_transaction_session_timeout', '0', false)";

// How long what will be done soon may still be undone.
constexpr std::string_view grace_sql = "select set_config('troupe.grace', $1, false)";

// The first statement takes the snapshot of the whole transaction.
constexpr std::string_view look_sql = "select pg_current_snapshot()";

constexpr pg::session_options patient{
    .lock_timeout = 5s, .statement_timeout = 15min, .answer_timeout = 16min, .one_snapshot = true};

constexpr size_t most_examples = 5;

} // namespace

snapshots::session::session(const std::string& conninfo)
    : on(conninfo, patient), all((on.exec(settings_sql), on)) {
  on.exec(look_sql);
}

snapshots::snapshots(const audit_databases& at, const audit_options& how) {
  const auto open = [&](view v, const std::string& conninfo) {
    if (v == view::gateway && conninfo.empty())
      return;
    own_.push_back(std::make_unique<session>(conninfo));
    see_[v] = &own_.back()->on;
  };
  open(view::orders, at.orders);
  open(view::payments, at.payments);
  open(view::gateway, at.gateway);
  open(view::emailing, at.emailing);
  open(view::inventory, at.inventory);
  open(view::payments_after, at.payments);
  open(view::orders_after, at.orders);
  allow(how);
}

snapshots::snapshots(std::map<view, pg::connection*> sessions, const audit_options& how)
    : see_(std::move(sessions)) {
  allow(how);
}

void snapshots::allow(const audit_options& how) {
  for (const auto& [v, on] : see_)
    on->exec(grace_sql, {how.quiesced ? "0 seconds" : "60 seconds"});
}

pg::result snapshots::read(view v, std::string_view sql, std::vector<pg::param> params) {
  return see_.at(v)->exec(sql, std::move(params));
}

void findings::add(int64_t count, const std::string& what) {
  to_.count += count;
  if (to_.examples.size() < most_examples)
    to_.examples.push_back(what);
}

std::vector<std::string> column(const pg::result& rows, int which) {
  std::vector<std::string> all;
  all.reserve(static_cast<size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i)
    all.push_back(rows.text(i, which));
  return all;
}

std::map<std::string, int, std::less<>> by_key(const pg::result& rows) {
  std::map<std::string, int, std::less<>> all;
  for (int i = 0; i < rows.rows(); ++i)
    all.emplace(rows.text(i, 0), i);
  return all;
}

std::string units_text(const std::map<std::string, int64_t>& units) {
  std::string text;
  for (const auto& [product, count] : units)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " × " + product;
  return text.empty() ? "nothing" : text;
}

namespace {

constexpr std::string_view when_quiesced = "parts of it hold only when nothing is under way";
constexpr std::string_view no_books = "no database of the gateway is configured";

void run_statement(const statement_part& part, context& c, findings& to) {
  const auto rows = c.see.read(part.where, part.sql);
  for (int i = 0; i < rows.rows(); ++i)
    to.add(i == 0 ? rows.integer(i, 0) : 0, rows.text(i, 1));
}

audit_line run(const check& what, context& c) {
  audit_line line{what.number, std::string(what.name), 0, {}, {}};
  findings to(line);
  for (const auto& part : what.statements)
    if (part.only_quiesced && !c.how.quiesced)
      line.skipped = when_quiesced;
    else if (!c.see.has(part.where))
      line.skipped = no_books;
    else
      run_statement(part, c, to);
  for (const auto& part : what.comparisons)
    if (part.only_quiesced && !c.how.quiesced)
      line.skipped = when_quiesced;
    else if (part.needs_gateway && !c.see.has(view::gateway))
      line.skipped = no_books;
    else
      part.compare(c, to);
  return line;
}

} // namespace

std::vector<audit_line> run_checks(snapshots& see, const audit_options& how) {
  context c{see, how};
  std::vector<audit_line> lines;
  for (const auto& each : all_checks())
    lines.push_back(run(each, c));
  return lines;
}

} // namespace auditing

std::vector<audit_line> audit(const audit_databases& at, const audit_options& how) {
  auditing::snapshots see(at, how);
  return auditing::run_checks(see, how);
}

} // namespace troupe
