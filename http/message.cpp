#include "http/message.hpp"

#include <algorithm>
#include <array>

namespace troupe::http {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return lower(x) == lower(y);
         });
}

std::optional<std::string_view> request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (iequals(key, name))
      return value;
  return std::nullopt;
}

size_t request::header_count(std::string_view name) const {
  return static_cast<size_t>(std::count_if(headers.begin(), headers.end(),
                                           [&](const auto& h) { return iequals(h.first, name); }));
}

std::string_view request::path_param(std::string_view name) const {
  for (const auto& [key, value] : path_params)
    if (key == name)
      return value;
  return {};
}

std::optional<std::string_view> request::query_param(std::string_view name) const {
  const auto found = query.find(std::string(name));
  if (found == query.end())
    return std::nullopt;
  return found->second;
}

std::string_view request::instance() const {
  return std::string_view(target).substr(0, target.find('?'));
}

bool request::has_json_type() const {
  std::string_view type = header("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t'))
    type.remove_suffix(1);
  constexpr std::string_view suffix = "+json";
  return iequals(type, "application/json")
         || (type.size() > suffix.size()
             && iequals(type.substr(type.size() - suffix.size()), suffix));
}

std::string_view reason_phrase(int status) {
  struct entry {
    int status;
    std::string_view phrase;
  };
  static constexpr std::array table = std::to_array<entry>({
      {100, "Continue"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  });
  const auto* found = std::find_if(table.begin(), table.end(),
                                   [&](const entry& e) { return e.status == status; });
  return found == table.end() ? "Unknown" : found->phrase;
}

} // namespace troupe::http
