#pragma once
// Rows that are of no use any more once they are old, removed a few at a time. What must stay so
// that nothing is done twice, and so that the audit can still tell, stays. Blocking.
// Source: "Retention" in docs/operations.md.

#include "persistence/store_error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

/// What grows old, and in whose database.
enum class old_rows : uint8_t {
  keys,          ///< each: used idempotency keys
  letters,       ///< each: replayed dead letters, and discarded ones of other producers' records
  notifications, ///< emailing: read ones; what an event was told by stays, without its text
  emails         ///< emailing: sent ones
};
std::string_view to_string(old_rows what);

class retention {
public:
  virtual ~retention() = default;

  /// Removes `what` in this database, at most `limit` rows that have been done with for longer than
  /// `age`; how many. Rows that somebody else works on are passed over.
  virtual int remove(old_rows what, std::chrono::hours age, int limit) = 0;
};

std::unique_ptr<retention> make_retention(std::string conninfo);

} // namespace troupe
