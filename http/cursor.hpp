#pragma once
// Cursors of lists: a place in a list as a text that clients hand back as it is. Pure, and safe on
// any input.
//
// A cursor names the list and its order, so that it fits no other, and holds the sort key of the
// last row shown: a page begins behind it, whatever was inserted or removed meanwhile.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::http {

struct list_place {
  std::string list; ///< which list, in which order: "products -price"
  std::vector<std::string> keys;
  bool operator==(const list_place&) const = default;
};

/// Longer texts are no cursors.
constexpr size_t max_cursor = 4096;

std::string encode_cursor(const list_place& at);

/// What `encode_cursor` makes `text` of; nothing for any other text. Keys are UTF-8 without NUL.
std::optional<list_place> decode_cursor(std::string_view text);

} // namespace troupe::http
