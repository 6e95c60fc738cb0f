#include "app/signals.hpp"

#include <ctime>

namespace troupe {

namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

} // namespace

void block_ending_signals() {
  auto set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::optional<int> await_ending_signal(std::chrono::milliseconds limit) {
  auto set = ending_signals();
  timespec wait{limit.count() / 1000, limit.count() % 1000 * 1'000'000};
  int signal = sigtimedwait(&set, nullptr, &wait);
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

} // namespace troupe
