// Cursors: a text is one exactly when the place that it names is written so.

#include "http/cursor.hpp"

#include "check.hpp"

#include <cstdint>

using namespace troupe::http;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto place = decode_cursor(text);
  if (!place)
    return 0;
  FUZZ_CHECK(size <= max_cursor);
  FUZZ_CHECK(encode_cursor(*place) == text);
  for (const auto& key : place->keys)
    FUZZ_CHECK(key.find('\0') == std::string::npos);
  return 0;
}
