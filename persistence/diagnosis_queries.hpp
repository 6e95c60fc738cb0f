#pragma once
// What one service's database holds of an order, for an operator who asks why it does not move.
// On a session of its own that gives up soon. Blocking: only detached actors call it.

#include "domain/diagnosis.hpp"
#include "persistence/store_error.hpp"

#include <memory>
#include <string>

namespace troupe {

class diagnosis_queries {
public:
  virtual ~diagnosis_queries() = default;

  /// All of it, as it was at one moment; empty parts for an order that the service does not know.
  /// Throws `store_error` within seconds when the database does not answer; a later call
  /// reconnects.
  virtual service_facts of(const std::string& order_id) = 0;
};

/// `conninfo`: of the database of `whose`.
std::unique_ptr<diagnosis_queries> make_diagnosis_queries(service whose, std::string conninfo);

} // namespace troupe
