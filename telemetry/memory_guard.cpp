#include "telemetry/memory_guard.hpp"

#include "telemetry/log.hpp"

#include <algorithm>
#include <fstream>

#include <malloc.h>
#include <unistd.h>

namespace troupe {

namespace {

constexpr std::chrono::milliseconds interval{100};

} // namespace

void share_arenas() {
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(2U, std::thread::hardware_concurrency())));
}

int64_t resident_memory() {
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

memory_guard::memory_guard(int64_t limit, metrics& count)
    : limit_(limit),
      resident_(count.gauge("troupe_resident_bytes", "Memory that the process has.")),
      thread_([this] { watch(); }) {}

memory_guard::~memory_guard() {
  {
    std::lock_guard guard(mutex_);
    ended_ = true;
  }
  ending_.notify_one();
  thread_.join();
}

void memory_guard::watch() {
  std::unique_lock lock(mutex_);
  do
    look();
  while (!ending_.wait_for(lock, interval, [this] { return ended_; }));
}

void memory_guard::look() {
  // Between two looks more is taken in: the bound is where nothing more may be.
  const auto refuse = limit_ / 10 * 9, take_again = limit_ / 10 * 8;
  auto now = resident_memory();
  if (limit_ > 0 && now > take_again) {
    malloc_trim(0); // what was freed is still the allocator's: it gives nothing back by itself
    now = resident_memory();
  }
  resident_.Set(static_cast<double>(now));
  const bool over = limit_ > 0 && now > (over_ ? take_again : refuse);
  if (over_.exchange(over) == over)
    return;
  if (over)
    log::warn("memory.over", {{"bytes", now}, {"limit", limit_}});
  else
    log::info("memory.under", {{"bytes", now}});
}

} // namespace troupe
