#include "persistence/pg_param.hpp"

#include "persistence/pg_error.hpp"

namespace troupe::pg {

namespace {

std::string hex(std::string_view raw) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text = "\\x";
  text.reserve(2 + raw.size() * 2);
  for (unsigned char c : raw) {
    text += digits[c >> 4];
    text += digits[c & 15];
  }
  return text;
}

} // namespace

std::string checked_text(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    throw error(store_failure::failed, "a text value holds a NUL character", "22021");
  return std::string(text);
}

void append_quoted(std::string& literal, std::string_view value) {
  if (value.find('\0') != std::string_view::npos)
    throw error(store_failure::failed, "a text value holds a NUL character", "22021");
  literal += '"';
  for (char c : value) {
    if (c == '"' || c == '\\')
      literal += '\\';
    literal += c;
  }
  literal += '"';
}

param::param(bytes value) : text_(hex(value.raw)) {}

void param::append(bytes value) {
  append_quoted(text_, hex(value.raw));
}

} // namespace troupe::pg
