#include "sim/desk_pool.hpp"

namespace troupe::sim {

desk_pool::desk_pool(std::vector<gateway_desk> desks, size_t waiting, served then)
    : desks_(std::move(desks)), waiting_(waiting), then_(std::move(then)) {
  for (auto& desk : desks_)
    threads_.emplace_back([this, &desk] { run(desk); });
}

desk_pool::~desk_pool() {
  stop();
}

std::optional<http::reply> desk_pool::post(http::request what, http::reply to) {
  std::lock_guard lock(mutex_);
  if (stopping_ || queue_.size() >= waiting_)
    return to;
  queue_.emplace_back(std::move(what), std::move(to));
  changed_.notify_one();
  return std::nullopt;
}

void desk_pool::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (auto& thread : threads_)
    thread.join();
  threads_.clear();
}

void desk_pool::run(gateway_desk& desk) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty())
      return;
    auto [what, to] = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    then_(desk.serve(what), std::move(to));
    lock.lock();
  }
}

} // namespace troupe::sim
