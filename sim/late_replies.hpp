#pragma once
// Replies that go out later, or never: one thread and a bounded list in memory.
// Callable from any thread.

#include "http/reply.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace troupe::sim {

class late_replies {
public:
  using clock = std::chrono::steady_clock;

  /// Past `most` the earliest due goes out at once.
  explicit late_replies(size_t most);
  /// As `stop`.
  ~late_replies();
  late_replies(const late_replies&) = delete;
  late_replies& operator=(const late_replies&) = delete;

  /// Sends `answer` at `due`; without one, breaks the connection then, or forgets the reply once
  /// its client has left.
  void keep(clock::time_point due, http::reply to, std::optional<http::response> answer);

  /// Sends what has an answer, breaks off the rest, ends the thread. Later ones go out at once.
  void stop();

private:
  struct item {
    http::reply to;
    std::optional<http::response> answer;
  };
  static void release(item out);
  void run();
  void forget_the_gone();

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<clock::time_point, item> kept_;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace troupe::sim
