#include "domain/replay.hpp"

#include <utility>

namespace troupe {

order at_version(order now, int32_t version) {
  now.history.resize(static_cast<size_t>(version));
  now.version = version;
  now.status = now.history.back().status;
  now.payment = now.history.back().payment;
  now.updated_at = now.history.back().at;
  return now;
}

} // namespace troupe
