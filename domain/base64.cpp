#include "domain/base64.hpp"

#include <cstddef>
#include <cstdint>

namespace troupe {

namespace {

constexpr std::string_view standard
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view for_urls
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encoded(std::string_view bytes, std::string_view alphabet) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = (held << 8U) | static_cast<uint8_t>(c);
    for (bits += 8; bits >= 6; bits -= 6)
      text += alphabet[(held >> static_cast<unsigned>(bits - 6)) & 63U];
  }
  if (bits > 0)
    text += alphabet[(held << static_cast<unsigned>(6 - bits)) & 63U];
  return text;
}

} // namespace

std::string base64(std::string_view bytes) {
  auto text = encoded(bytes, standard);
  text.resize((text.size() + 3) / 4 * 4, '=');
  return text;
}

std::string base64url(std::string_view bytes) {
  return encoded(bytes, for_urls);
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const auto value = for_urls.find(c);
    if (value == std::string_view::npos)
      return std::nullopt;
    held = (held << 6U) | static_cast<uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((held >> static_cast<unsigned>(bits)) & 255U);
    }
  }
  // One text for each value: no lone character at the end, no bits that say nothing.
  if (bits >= 6 || (held & ((1U << static_cast<unsigned>(bits)) - 1U)) != 0)
    return std::nullopt;
  return bytes;
}

} // namespace troupe
