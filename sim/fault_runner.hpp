#pragma once
// Carries out a plan of faults on a thread of its own, beside the load: does each at its moment,
// looks that it took effect, holds it, mends it, and waits for the recovery. One at a time.

#include "sim/fault_log.hpp"
#include "sim/fault_plan.hpp"
#include "sim/local_system.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace troupe::sim {

class fault_runner {
public:
  using clock = std::chrono::steady_clock;

  /// Begins: the moments of `plan` count from `start`, those of recoveries from the mending. Both
  /// `system` and `log` must outlive it.
  fault_runner(std::vector<planned_fault> plan, breakable& system, fault_log& log,
               clock::time_point start,
               std::chrono::milliseconds recovery_limit = std::chrono::minutes(1));
  /// As `stop`.
  ~fault_runner();
  fault_runner(const fault_runner&) = delete;
  fault_runner& operator=(const fault_runner&) = delete;

  /// Whether every fault has been done, mended and recovered from, or the runner gave up.
  bool done() const;
  /// No further fault begins, and the one that is under way is mended.
  void request_stop();
  /// The same, and waits for it.
  void stop();
  /// After `stop`: what did not go as planned, for people; empty: everything was done, took effect,
  /// was mended, and Troupe recovered from it.
  std::vector<std::string> complaints() const;

private:
  void run();
  /// False: what comes after it would show nothing, or it is to stop.
  bool carry_out(const planned_fault& fault);
  /// Until `when`; false: it is to stop.
  bool wait_until(clock::time_point when);
  void confirm(size_t number, const planned_fault& fault, clock::time_point until);
  bool await_recovery(size_t number, const std::string& name);
  void complain(std::string what);

  const std::vector<planned_fault> plan_;
  breakable& system_;
  fault_log& log_;
  const clock::time_point start_;
  const std::chrono::milliseconds recovery_limit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool done_ = false;
  std::vector<std::string> complaints_;
  std::thread thread_;
};

} // namespace troupe::sim
