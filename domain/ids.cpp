#include "domain/ids.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <sys/random.h>

namespace troupe {

namespace {

constexpr size_t id_length = 25;
constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";

/// Random bytes fetched in bulk: one system call gives about 18 ids. One a thread, so no lock.
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

std::string random_id() {
  thread_local random_bytes source;
  // Bytes above the last whole multiple of 36 are thrown away: every digit is equally likely.
  constexpr unsigned fair = 256 / digits.size() * digits.size();
  std::string id(id_length, 'c');
  for (size_t i = 1; i < id_length;) {
    const unsigned byte = source.next();
    if (byte < fair)
      id[i++] = digits[byte % digits.size()];
  }
  return id;
}

} // namespace

id_source random_ids() {
  return random_id;
}

bool valid_id(std::string_view id) {
  constexpr size_t longest = 64;
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'
           || c == '-';
  };
  return !id.empty() && id.size() <= longest && std::all_of(id.begin(), id.end(), allowed);
}

int shard_of(std::string_view order_id) {
  uint32_t hash = 2166136261U;
  for (const char c : order_id) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 16777619U;
  }
  return static_cast<int>(hash % shard_count);
}

} // namespace troupe
