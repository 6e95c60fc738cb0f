#include "sim/late_replies.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace troupe::sim {

namespace {

constexpr std::chrono::seconds look_around{1};

} // namespace

late_replies::late_replies(size_t most) : most_(most), thread_([this] { run(); }) {}

late_replies::~late_replies() {
  stop();
}

void late_replies::keep(clock::time_point due, http::reply to,
                        std::optional<http::response> answer) {
  item now{std::move(to), std::move(answer)};
  {
    std::lock_guard lock(mutex_);
    if (!stopping_) {
      bool first = kept_.empty() || due < kept_.begin()->first;
      kept_.emplace(due, std::move(now));
      if (kept_.size() <= most_) {
        if (first)
          changed_.notify_one();
        return;
      }
      auto earliest = kept_.extract(kept_.begin());
      now = std::move(earliest.mapped());
    }
  }
  release(std::move(now));
}

void late_replies::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable())
    thread_.join();
}

void late_replies::release(item out) {
  if (out.answer)
    out.to.send(std::move(*out.answer));
  else
    out.to.abort();
}

void late_replies::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    auto until = clock::now() + look_around;
    if (!kept_.empty())
      until = std::min(until, kept_.begin()->first);
    changed_.wait_until(lock, until);
    forget_the_gone();
    std::vector<item> due;
    for (auto now = clock::now(); !kept_.empty() && kept_.begin()->first <= now;)
      due.push_back(std::move(kept_.extract(kept_.begin()).mapped()));
    lock.unlock();
    for (auto& one : due)
      release(std::move(one));
    lock.lock();
  }
  auto rest = std::exchange(kept_, {});
  lock.unlock();
  for (auto& [at, one] : rest)
    release(std::move(one));
}

// Of a client that gave up only the silence is forgotten: answers go out in their time.
void late_replies::forget_the_gone() {
  for (auto at = kept_.begin(); at != kept_.end();) {
    auto& one = at->second;
    bool forget = !one.answer && one.to.client_gone();
    if (forget)
      one.to.abort();
    at = forget ? kept_.erase(at) : std::next(at);
  }
}

} // namespace troupe::sim
