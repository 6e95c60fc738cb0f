#include "http/cursor.hpp"

#include "domain/base64.hpp"

#include <nlohmann/json.hpp>

namespace troupe::http {

namespace {

using nlohmann::json;

constexpr int version = 1;

std::string plain_form(const list_place& at) {
  auto parts = json::array({version, at.list});
  for (const auto& key : at.keys)
    parts.push_back(key);
  return parts.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// An array of the version and at least one text, which nests no deeper.
bool has_form(const json& parts) {
  if (!parts.is_array() || parts.size() < 2 || parts[0] != version)
    return false;
  for (size_t i = 1; i < parts.size(); ++i)
    if (!parts[i].is_string()
        || parts[i].get_ref<const std::string&>().find('\0') != std::string::npos)
      return false;
  return true;
}

} // namespace

std::string encode_cursor(const list_place& at) {
  return base64url(plain_form(at));
}

std::optional<list_place> decode_cursor(std::string_view text) {
  const auto plain = text.size() <= max_cursor ? from_base64url(text) : std::nullopt;
  if (!plain)
    return std::nullopt;
  const auto parts = json::parse(*plain, nullptr, false);
  if (!has_form(parts))
    return std::nullopt;
  list_place at{parts[1].get<std::string>(), {}};
  for (size_t i = 2; i < parts.size(); ++i)
    at.keys.push_back(parts[i].get<std::string>());
  if (plain_form(at) != *plain)
    return std::nullopt;
  return at;
}

} // namespace troupe::http
