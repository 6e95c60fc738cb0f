#pragma once
// Values of statement parameters, in PostgreSQL's text format. Internal to persistence/.
//
// Anything that a store binds converts to `param` by itself: text, numbers, booleans, nullptr
// (NULL), optionals of these, and vectors of these (a one-dimensional array). Statements say the
// type: `$1::text[]`.

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace troupe::pg {

/// Throws `error` 22021 when `text` holds a NUL: libpq would cut it off there.
std::string checked_text(std::string_view text);

/// `value` as an element of an array literal: quoted, `"` and `\` escaped.
void append_quoted(std::string& literal, std::string_view value);

template <class Number>
  requires(std::integral<Number> || std::floating_point<Number>)
std::string to_text(Number value) {
  if constexpr (std::is_same_v<Number, bool>) {
    return value ? "t" : "f";
  } else {
    char digits[32];
    auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return {digits, end};
  }
}

/// The text of a bytea value.
struct bytes {
  std::string_view raw;
};

class param {
public:
  param(std::nullptr_t) : null_(true) {}
  param(std::string_view text) : text_(checked_text(text)) {}
  param(const std::string& text) : param(std::string_view(text)) {}
  param(const char* text) : param(std::string_view(text)) {}
  param(bytes value);

  template <class Number>
    requires(std::integral<Number> || std::floating_point<Number>)
  param(Number value) : text_(to_text(value)) {}

  template <class T>
  param(const std::optional<T>& value) : param(value ? param(*value) : param(nullptr)) {}

  template <class T>
  param(const std::vector<T>& values) : text_("{") {
    for (const auto& value : values) {
      if (text_.size() > 1)
        text_ += ',';
      append(value);
    }
    text_ += '}';
  }

  /// nullptr: NULL. Valid as long as this object.
  const char* c_str() const { return null_ ? nullptr : text_.c_str(); }

private:
  template <class Number>
    requires(std::integral<Number> || std::floating_point<Number>)
  void append(Number value) {
    text_ += to_text(value);
  }
  void append(std::string_view value) { append_quoted(text_, value); }
  void append(bytes value);
  template <class T>
  void append(const std::optional<T>& value) {
    if (value)
      append(*value);
    else
      text_ += "NULL";
  }

  std::string text_;
  bool null_ = false;
};

} // namespace troupe::pg
