#include "persistence/conninfo.hpp"

#include <libpq-fe.h>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

namespace troupe::pg {

namespace {

using options = std::map<std::string, std::string, std::less<>>;

/// The options that stand in it; nothing when it cannot be read (libpq's message would quote it).
std::optional<options> parse(const std::string& conninfo) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
      PQconninfoParse(conninfo.c_str(), &message), PQconninfoFree);
  PQfreemem(message);
  if (!parsed)
    return std::nullopt;
  options result;
  for (const auto* one = parsed.get(); one != nullptr && one->keyword != nullptr; ++one)
    if (one->val != nullptr)
      result.emplace(one->keyword, one->val);
  return result;
}

bool holds(const options& all, std::string_view key, std::string_view characters) {
  const auto found = all.find(key);
  return found != all.end() && found->second.find_first_of(characters) != std::string::npos;
}

} // namespace

std::string mistake_in_conninfo(const std::string& conninfo) {
  const auto parsed = parse(conninfo);
  if (!parsed)
    return "the connection string is malformed";
  const auto& all = *parsed;
  const bool uri = conninfo.starts_with("postgresql://") || conninfo.starts_with("postgres://");
  const auto port = all.find("port");
  if (port != all.end() && port->second.find_first_not_of("0123456789,") != std::string::npos)
    return "the connection string's port is no number";
  if (holds(all, "host", "@") || (uri && holds(all, "dbname", "@")))
    return "the connection string has an @ where none belongs (in a URI's password it is %40)";
  return {};
}

std::string without_secrets(std::string message, const std::string& conninfo) {
  constexpr std::string_view cover = "***";
  const auto all = parse(conninfo).value_or(options());
  for (const auto* key : {"password", "sslpassword"}) {
    const auto found = all.find(key);
    if (found == all.end() || found->second.empty())
      continue;
    for (auto at = message.find(found->second); at != std::string::npos;
         at = message.find(found->second, at + cover.size()))
      message.replace(at, found->second.size(), cover);
  }
  return message;
}

} // namespace troupe::pg
