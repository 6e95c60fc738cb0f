#include "domain/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace troupe {

namespace {

/// The bytes that a character with this first byte has; 0: no character begins so.
size_t length_by(unsigned char first) {
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first <= 0xDF)
    return 2;
  if (first >= 0xE0 && first <= 0xEF)
    return 3;
  return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

/// Of two bytes that begin a longer character: overlong, a surrogate, or too large.
bool is_forbidden(unsigned char first, unsigned char second) {
  return (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)
         || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
}

} // namespace

bool is_utf8(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (size_t i = 0; i < bytes.size();) {
    const size_t length = length_by(at(i));
    if (length == 0 || length > bytes.size() - i)
      return false;
    for (size_t k = 1; k < length; ++k)
      if ((at(i + k) & 0xC0U) != 0x80)
        return false;
    if (length > 2 && is_forbidden(at(i), at(i + 1)))
      return false;
    i += length;
  }
  return true;
}

} // namespace troupe
