#pragma once
// A few threads, each with a desk and so with a connection to the books, and one bounded queue of
// requests before them. Callable from any thread.

#include "http/reply.hpp"
#include "sim/gateway_desk.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::sim {

class desk_pool {
public:
  using served = std::function<void(desk_answer, http::reply)>;

  /// `then` is called on a thread of the pool, for each request once.
  desk_pool(std::vector<gateway_desk> desks, size_t waiting, served then);
  /// As `stop`.
  ~desk_pool();
  desk_pool(const desk_pool&) = delete;
  desk_pool& operator=(const desk_pool&) = delete;

  /// Gives the reply back when too many wait or the pool has been stopped.
  std::optional<http::reply> post(http::request what, http::reply to);

  /// Serves what waits, then ends the threads.
  void stop();

private:
  void run(gateway_desk& desk);

  std::vector<gateway_desk> desks_;
  const size_t waiting_;
  served then_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<http::request, http::reply>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace troupe::sim
