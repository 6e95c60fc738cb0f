#include "domain/random.hpp"

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include <sys/random.h>

namespace troupe {

namespace {

/// One system call gives the bytes of about 18 ids. One a thread, so no lock.
class random_bytes {
public:
  uint8_t next() {
    if (used_ == buffer_.size())
      refill();
    return buffer_[used_++];
  }

private:
  void refill() {
    size_t filled = 0;
    while (filled < buffer_.size()) {
      const auto n = ::getrandom(buffer_.data() + filled, buffer_.size() - filled, 0);
      if (n < 0 && errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "getrandom");
      if (n > 0)
        filled += static_cast<size_t>(n);
    }
    used_ = 0;
  }

  std::array<uint8_t, 448> buffer_{};
  size_t used_ = buffer_.size();
};

} // namespace

uint8_t random_byte() {
  thread_local random_bytes source;
  return source.next();
}

std::string random_hex(size_t bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes);
  for (size_t i = 0; i < bytes; ++i) {
    const unsigned byte = random_byte();
    text.append({digits[byte >> 4U], digits[byte & 15U]});
  }
  return text;
}

} // namespace troupe
