#pragma once
// Owner of a file descriptor.

#include <unistd.h>

#include <utility>

namespace troupe::http {

class fd {
public:
  fd() = default;
  explicit fd(int raw) : raw_(raw) {}
  fd(fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
  fd& operator=(fd&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  fd(const fd&) = delete;
  fd& operator=(const fd&) = delete;
  ~fd() { reset(); }

  void reset() {
    if (raw_ >= 0)
      ::close(std::exchange(raw_, -1));
  }
  int get() const { return raw_; }
  explicit operator bool() const { return raw_ >= 0; }

private:
  int raw_ = -1;
};

} // namespace troupe::http
