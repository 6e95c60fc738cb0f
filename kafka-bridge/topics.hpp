#pragma once
// Creates the topics at start.

#include "kafka-bridge/options.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace troupe::kafka {

struct topics_result {
  std::vector<std::string> created; ///< the others were there already
  /// Empty: all topics are there. Else what went wrong, one line a topic (or one for all), worth
  /// another try later: brokers may be away or still starting.
  std::vector<std::string> errors;
  bool ok() const { return errors.empty(); }
};

/// Makes sure that `topics` exist, creating missing ones with `o.partitions` and `o.replication`.
/// An existing topic is left as it is. Blocks for `timeout` at most. Callable from any thread.
topics_result create_topics(const options& o, const std::vector<std::string>& topics,
                            std::chrono::milliseconds timeout);

} // namespace troupe::kafka
