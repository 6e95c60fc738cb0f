// The audit of money: orders, payments and the gateway's books against each other.

#include "persistence/audit_checks.hpp"

namespace troupe::auditing {

namespace {

constexpr std::string_view captured_sql
    = "select key, order_id, amount, refund from payment_attempts"
      " where key > $1::text and status = 'CAPTURED' order by key limit $2::int";

constexpr std::string_view orders_paid_sql
    = "select id, total_amount, status, payment_status from orders"
      " where id = any($1::text[])";

constexpr std::string_view ended_sql
    = "select key, status, refund from payment_attempts"
      " where key > $1::text and status <> 'PENDING' order by key limit $2::int";

constexpr std::string_view books_sql
    = "select key, kind, status, coalesce(charge_key, key), amount, transaction_id from ledger"
      " where key > $1::text order by key limit $2::int";

constexpr std::string_view lines_sql = "select key from ledger where key = any($1::text[])";

constexpr std::string_view attempts_sql
    = "select key, status, refund, amount, coalesce(transaction_id, '') from payment_attempts"
      " where key = any($1::text[])";

constexpr std::string_view paid_sql
    = "select id, status, payment_status from orders where id > $1::text"
      " and (status in ('PAYMENT_SUCCESS', 'CONFIRMED', 'DISPATCHED', 'COMPLETED')"
      "  or payment_status in ('SUCCESS', 'REFUND_PENDING', 'REFUNDED'))"
      " order by id limit $2::int";

constexpr std::string_view captures_sql
    = "select order_id, bool_or(refund = 'REFUNDED') from payment_attempts"
      " where order_id = any($1::text[]) and status = 'CAPTURED' group by order_id";

constexpr std::string_view all_orders_sql = "select id, payment_status, transaction_id from orders"
                                            " where id > $1::text order by id limit $2::int";

constexpr std::string_view payments_sql
    = "select order_id, status, coalesce(transaction_id, '') from payments"
      " where order_id = any($1::text[])";

/// An attempt's status as the gateway's word for it; PENDING and unknown words: none.
std::string_view word_of(std::string_view status) {
  if (status == "CAPTURED")
    return "captured";
  if (status == "DECLINED")
    return "declined";
  if (status == "VOIDED")
    return "voided";
  if (status == "REFUNDED")
    return "refunded";
  if (status == "REFUSED")
    return "refused";
  return {};
}

/// What line `i` of the books and attempt `a` disagree about; empty: nothing. An attempt or refund
/// that is PENDING has not yet learnt what the gateway wrote, unless nothing is under way.
std::string disagreement(const pg::result& books, int i, const pg::result& attempts, int a,
                         bool quiesced) {
  const bool refund = books.view(i, 1) == "refund";
  const auto status = attempts.view(a, refund ? 2 : 1);
  if (status == "PENDING" && !quiesced)
    return {};
  if (word_of(status) != books.view(i, 2))
    return "the payments say " + std::string(status);
  const bool money = status == "CAPTURED" || status == "REFUNDED";
  if (money && books.view(i, 4) != attempts.view(a, 3))
    return "amounts are " + books.text(i, 4) + " and " + attempts.text(a, 3);
  if (status == "CAPTURED" && books.view(i, 5) != attempts.view(a, 4))
    return "transactions differ";
  return {};
}

} // namespace

void captures_and_totals(context& c, findings& to) {
  each_chunk(c, view::payments, captured_sql, [&](const pg::result& attempts) {
    const auto orders = c.see.read(view::orders_after, orders_paid_sql, {column(attempts, 1)});
    const auto at = by_key(orders);
    for (int i = 0; i < attempts.rows(); ++i)
      if (const auto found = at.find(attempts.view(i, 1));
          found != at.end() && orders.view(found->second, 1) != attempts.view(i, 2))
        to.add("attempt " + attempts.text(i, 0) + ": captured " + attempts.text(i, 2)
               + " of a total of " + orders.text(found->second, 1));
  });
}

void books_and_attempts(context& c, findings& to) {
  each_chunk(c, view::gateway, books_sql, [&](const pg::result& books) {
    const auto attempts = c.see.read(view::payments_after, attempts_sql, {column(books, 3)});
    const auto at = by_key(attempts);
    for (int i = 0; i < books.rows(); ++i) {
      const auto found = at.find(books.view(i, 3));
      const auto what = found == at.end()
                            ? std::string("the payments know no such attempt")
                            : disagreement(books, i, attempts, found->second, c.how.quiesced);
      if (!what.empty())
        to.add("key " + books.text(i, 0) + ": " + books.text(i, 2) + " at the gateway, but "
               + what);
    }
  });
}

void attempts_and_books(context& c, findings& to) {
  each_chunk(c, view::payments, ended_sql, [&](const pg::result& attempts) {
    std::vector<std::string> keys;
    for (int i = 0; i < attempts.rows(); ++i) {
      keys.push_back(attempts.text(i, 0));
      keys.push_back("refund:" + attempts.text(i, 0));
    }
    const auto known = by_key(c.see.read(view::gateway, lines_sql, {keys}));
    // Lines that are there have been compared by books_and_attempts.
    for (int i = 0; i < attempts.rows(); ++i) {
      if (!known.contains(attempts.view(i, 0)))
        to.add("attempt " + attempts.text(i, 0) + ": " + attempts.text(i, 1)
               + ", but not in the gateway's books");
      if (attempts.view(i, 2) == "REFUNDED" && !known.contains("refund:" + attempts.text(i, 0)))
        to.add("attempt " + attempts.text(i, 0) + ": REFUNDED, but not in the gateway's books");
    }
  });
}

void paid_without_capture(context& c, findings& to) {
  each_chunk(c, view::orders, paid_sql, [&](const pg::result& orders) {
    const auto captures = c.see.read(view::payments_after, captures_sql, {column(orders, 0)});
    const auto at = by_key(captures);
    for (int i = 0; i < orders.rows(); ++i) {
      const auto stands = "order " + orders.text(i, 0) + ": " + orders.text(i, 1) + "/"
                          + orders.text(i, 2) + ", but ";
      const auto found = at.find(orders.view(i, 0));
      if (found == at.end())
        to.add(stands + "nothing was captured");
      else if (orders.view(i, 2) == "REFUNDED" && !captures.boolean(found->second, 1))
        to.add(stands + "nothing was refunded");
    }
  });
}

void payments_and_orders(context& c, findings& to) {
  each_chunk(c, view::orders_after, all_orders_sql, [&](const pg::result& orders) {
    const auto payments = c.see.read(view::payments_after, payments_sql, {column(orders, 0)});
    const auto at = by_key(payments);
    for (int i = 0; i < orders.rows(); ++i) {
      const auto found = at.find(orders.view(i, 0));
      const bool any = found != at.end(); // an order that nobody paid has none
      const std::string status = any ? payments.text(found->second, 1) : "PENDING";
      const std::string transaction = any ? payments.text(found->second, 2) : "";
      std::string what = "order " + orders.text(i, 0) + ": ";
      if (status != orders.view(i, 1))
        to.add(what.append(orders.view(i, 1)).append(", its payment ").append(status));
      else if (transaction != orders.view(i, 2))
        to.add(what.append("transaction ")
                   .append(orders.view(i, 2))
                   .append(", its payment's ")
                   .append(transaction));
    }
  });
}

void capture_without_order(context& c, findings& to) {
  each_chunk(c, view::payments, captured_sql, [&](const pg::result& attempts) {
    const auto orders = c.see.read(view::orders_after, orders_paid_sql, {column(attempts, 1)});
    const auto at = by_key(orders);
    for (int i = 0; i < attempts.rows(); ++i) {
      if (attempts.view(i, 3) != "NONE")
        continue;
      const auto found = at.find(attempts.view(i, 1));
      const auto capture = "attempt " + attempts.text(i, 0) + ": captured, not refunded, and ";
      if (found == at.end()) {
        to.add(capture + "there is no such order");
        continue;
      }
      const auto status = orders.view(found->second, 2);
      const auto payment = orders.view(found->second, 3);
      const bool learning = status == "PAYMENT_PENDING" && !c.how.quiesced;
      if (!learning && payment != "SUCCESS" && payment != "REFUND_PENDING")
        to.add(capture + "its order is " + std::string(status) + "/" + std::string(payment));
    }
  });
}

} // namespace troupe::auditing
