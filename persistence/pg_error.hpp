#pragma once
// A failure that PostgreSQL or the connection reported. Internal to persistence/: callers of the
// stores see it as the `store_error` that it is.

#include "persistence/store_error.hpp"

#include <string>
#include <string_view>

namespace troupe::pg {

/// What a caller of a store should do about `sqlstate` on a session that is still open.
store_failure classify(std::string_view sqlstate);

class error : public store_error {
public:
  /// `sqlstate` is empty when the connection itself failed.
  error(store_failure kind, const std::string& text, std::string sqlstate = {})
      : store_error(kind, text), sqlstate_(std::move(sqlstate)) {}

  const std::string& sqlstate() const { return sqlstate_; }

  /// 22xxx, 23xxx: this very input is bad, others of its batch may be fine.
  bool bad_data() const;
  /// 40P01, 40001, 55P03: somebody else was in the way; the same again may well work.
  bool contended() const;

private:
  std::string sqlstate_;
};

} // namespace troupe::pg
