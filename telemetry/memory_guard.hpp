#pragma once
// Watches how much memory the process has, on a thread of its own, so that new work can be refused
// before the machine runs out. Asking costs one atomic load.

#include "telemetry/metrics.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace troupe {

class memory_guard {
public:
  /// `limit`: bytes of resident memory; 0: none, only the gauge. `count` outlives it.
  memory_guard(int64_t limit, metrics& count);
  ~memory_guard();
  memory_guard(const memory_guard&) = delete;
  memory_guard& operator=(const memory_guard&) = delete;

  /// The process has nine tenths of the limit or more: refuse what is not begun. False again below
  /// eight tenths, so that work is not refused and taken in turns. From any thread.
  bool over() const { return over_.load(std::memory_order_relaxed); }

private:
  void watch();
  void look();

  const int64_t limit_;
  prometheus::Gauge& resident_;
  std::atomic<bool> over_ = false;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::thread thread_;
};

/// Lets the allocator have one arena a core instead of eight: each of our many threads would else
/// keep what it once needed and freed in an arena that the others do not use, which under load made
/// up half of the resident memory. Call before the first thread is made.
void share_arenas();

/// The resident memory of this process in bytes, from /proc.
int64_t resident_memory();

} // namespace troupe
