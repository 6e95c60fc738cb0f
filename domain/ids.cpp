#include "domain/ids.hpp"

#include "domain/random.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr size_t id_length = 25;
constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";

std::string random_id() {
  // Bytes above the last whole multiple of 36 are thrown away: every digit is equally likely.
  constexpr unsigned fair = 256 / digits.size() * digits.size();
  std::string id(id_length, 'c');
  for (size_t i = 1; i < id_length;) {
    const unsigned byte = random_byte();
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
