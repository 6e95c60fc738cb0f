#include "persistence/pg_error.hpp"

namespace troupe::pg {

bool error::bad_data() const {
  return sqlstate_.starts_with("22") || sqlstate_.starts_with("23");
}

bool error::contended() const {
  return sqlstate_ == "40P01" || sqlstate_ == "40001" || sqlstate_ == "55P03";
}

store_failure classify(std::string_view sqlstate) {
  if (sqlstate.empty() || sqlstate.starts_with("08"))
    return store_failure::lost;
  // 57P01, 57P02, 57P03, 57P05: the server ends the session; the connection is about to close.
  if (sqlstate.starts_with("57P"))
    return store_failure::lost;
  for (auto busy : {"53", "57", "58", "40", "55"})
    if (sqlstate.starts_with(busy))
      return store_failure::wait;
  return store_failure::failed;
}

} // namespace troupe::pg
