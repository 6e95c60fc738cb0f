#include "http/mailbox.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>

namespace troupe::http {

mailbox::mailbox() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!wake_)
    throw std::system_error(errno, std::generic_category(), "eventfd");
}

void mailbox::post(posted_answer answer) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_)
      return;
    was_empty = posted_.empty();
    posted_.push_back(std::move(answer));
  }
  if (was_empty && owner_.load() != std::this_thread::get_id())
    wake();
}

void mailbox::wake() {
  // It fails only when the counter is full, and then a wake is due anyway.
  const uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wake_.get(), &one, sizeof one);
}

void mailbox::clear_wake() {
  uint64_t count = 0;
  [[maybe_unused]] const auto n = ::read(wake_.get(), &count, sizeof count);
}

void mailbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  posted_.clear();
}

bool mailbox::empty() {
  const std::lock_guard lock(mutex_);
  return posted_.empty();
}

void mailbox::take(std::vector<posted_answer>& into) {
  const std::lock_guard lock(mutex_);
  posted_.swap(into);
}

} // namespace troupe::http
