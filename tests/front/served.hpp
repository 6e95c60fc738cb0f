#pragma once
// A front on a free port with a few routes, for tests over real sockets.

#include "client.hpp"
#include "http/front.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace troupe::http::test {

/// Replies that a test answers later, from its own thread.
class held_replies {
public:
  void hold(request asked, reply answer) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(asked));
    replies_.push_back(std::move(answer));
    more_.notify_all();
  }
  /// Waits until `n` are held; their replies in the order of the requests, no longer held.
  std::vector<reply> take(size_t n) {
    std::unique_lock lock(mutex_);
    if (!more_.wait_for(lock, 5s, [&] { return replies_.size() >= n; }))
      throw std::runtime_error("too few requests came");
    return std::exchange(replies_, {});
  }
  size_t count() {
    const std::lock_guard lock(mutex_);
    return replies_.size();
  }

private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<request> asked_;
  std::vector<reply> replies_;
};

struct seen_access {
  std::string method;
  std::string route;
  int status = 0;
};

/// GET /ping, POST /echo, GET and POST /held, GET /drop, GET /throw, GET /big?n=, GET /items/:id,
/// PUT /items/:id.
class served {
public:
  explicit served(front_options options = {}) : front_(watched(std::move(options))) {
    routes();
    front_.start();
  }

  front* operator->() { return &front_; }
  uint16_t port() const { return front_.port(); }
  client connect() const { return client(port()); }

  int cut_off() const { return cut_off_; }
  std::vector<seen_access> accesses() {
    const std::lock_guard lock(mutex_);
    return accesses_;
  }

  held_replies held;

private:
  front_options watched(front_options options);
  void routes();

  std::mutex mutex_;
  std::vector<seen_access> accesses_;
  std::atomic<int> cut_off_ = 0;
  front front_;
};

/// The threads of this process now.
int thread_count();

} // namespace troupe::http::test
