#pragma once
// Runs worlds from seeds, and says which promises they broke.

#include "tests/dst/customers.hpp"

#include <functional>
#include <string>
#include <vector>

namespace troupe::dst {

struct verdict {
  uint64_t seed = 0;
  std::vector<violation> broken; ///< empty: every promise was kept
  mishaps::counts counts{};
  std::map<std::string, int> ends; ///< orders, by how they ended
  uint64_t digest = 0;             ///< of the trace
  std::string tail;                ///< of the trace, for the orders concerned; whole if asked for
};

/// Turns the log off, which a run would fill. Once, before the first run.
void silence_log();

struct run_options {
  bool whole_trace = false; ///< also when no promise is broken
  sabotage rule = sabotage::none;
};

verdict run_seed(uint64_t seed, run_options options = {});

struct summary {
  int64_t seeds = 0, failed = 0;
  mishaps::counts counts{};
  std::map<std::string, int64_t> ends;
};

/// Runs `count` seeds from `first` on `threads` threads; `tell` is called for each, one at a time.
summary run_seeds(uint64_t first, int64_t count, int threads, run_options options,
                  const std::function<void(const verdict&)>& tell);

/// What a failed run says: seed, promises, the end of its trace, and how to see it again.
std::string report_of(const verdict& v);

} // namespace troupe::dst
