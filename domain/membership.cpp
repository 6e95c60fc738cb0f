#include "domain/membership.hpp"

namespace troupe {

void tenure::renewed(monotonic sent) {
  // A node that was stopped for a while did not see what happened meanwhile: it begins again.
  if (!run_began_ || sent - last_sent_ >= lease_length)
    run_began_ = sent;
  last_sent_ = sent;
}

bool tenure::may_fence(monotonic now) const {
  return run_began_ && last_sent_ > *run_began_ && now - *run_began_ >= lease_length
         && now < serves_until();
}

} // namespace troupe
