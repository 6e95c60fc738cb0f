#pragma once
// What faults were done to the system under test, and what came of each. Callable from any thread.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::sim {

struct fault_record {
  using time_point = std::chrono::steady_clock::time_point;

  std::string kind;   ///< from the plan: "troupe.kill", "postgres.freeze", …
  std::string detail; ///< for people: what showed that it took effect
  time_point fired;
  std::optional<time_point> confirmed; ///< it was seen to have taken effect
  std::optional<time_point> ended;     ///< the fault itself was over: thawed, started again
  std::optional<time_point> recovered; ///< the first order was placed that was wanted after
                                       ///< `confirmed`: as seen from outside
};

class fault_log {
public:
  using time_point = fault_record::time_point;

  /// Returns the number by which the rest is told.
  size_t fired(std::string kind, time_point now);
  void confirmed(size_t fault, std::string detail, time_point now);
  void ended(size_t fault, time_point now);
  /// A POST /orders was answered 201 that a customer wanted to send at `wanted`.
  void order_placed(time_point wanted, time_point now);

  /// In the order in which they fired.
  std::vector<fault_record> all() const;

private:
  mutable std::mutex mutex_;
  std::vector<fault_record> faults_;
  std::atomic<size_t> open_{0}; ///< confirmed and not recovered; orders are many, faults few
};

} // namespace troupe::sim
