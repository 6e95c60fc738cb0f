#include "app/signals.hpp"

#include <ctime>

#include <unistd.h>

namespace troupe {

namespace {

constexpr int waking = SIGUSR1;

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, waking);
  return set;
}

} // namespace

void block_ending_signals() {
  auto set = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::optional<int> await_ending_signal(std::chrono::milliseconds limit) {
  auto set = awaited_signals();
  timespec wait{limit.count() / 1000, limit.count() % 1000 * 1'000'000};
  int signal = sigtimedwait(&set, nullptr, &wait);
  return signal > 0 && signal != waking ? std::optional(signal) : std::nullopt;
}

void wake_waiting() {
  kill(getpid(), waking);
}

} // namespace troupe
