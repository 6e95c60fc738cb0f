#pragma once
// `troupe audit`: looks at everything that the four databases and the payment gateway's books hold,
// and says where a promise is broken. The operator's tool and the tests': in production no service
// reads another's database, and nothing that serves may call this.
//
// Read-only. Every database is looked at in one snapshot (repeatable read), the orders and the
// payments in a second, later one besides: while nodes serve, what is judged across databases is
// only what did not move between the two. Memory is bounded: rows come in ordered chunks.

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// libpq connection strings. Only `gateway` may be empty: then its books are not compared.
struct audit_databases {
  std::string orders, payments, inventory, emailing, gateway;
};

struct audit_options {
  /// Nothing is under way: no request, no unread record, no unsettled payment. Checks that hold
  /// only then are made too.
  bool quiesced = false;
};

struct audit_line {
  int number = 0;
  std::string name;
  int64_t count = 0;                 ///< of violations; 0: the promise holds
  std::vector<std::string> examples; ///< of violations, at most 5
  std::string skipped; ///< why the check, or a part of it, was not made; empty: it was
};

/// Every check once, by number. Throws `store_error` when a database cannot be read.
std::vector<audit_line> audit(const audit_databases& at, const audit_options& how);

} // namespace troupe
