#pragma once
// An address with its port, as configurations have it: "10.0.0.1:3010", "[::1]:3010", "host:3010".

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

struct endpoint {
  std::string host; ///< without brackets
  uint16_t port = 0;
  bool operator==(const endpoint&) const = default;

  /// An IPv6 address gets brackets.
  std::string text() const {
    const auto shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return shown + ":" + std::to_string(port);
  }
};

/// Nothing when there is no host, or no port from 1 to 65535.
inline std::optional<endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  auto host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return std::nullopt; // an IPv6 address without brackets: nobody knows where it ends
  endpoint e{std::string(host), 0};
  const auto [end, wrong] = std::from_chars(port.begin(), port.end(), e.port);
  if (host.empty() || wrong != std::errc() || end != port.end() || e.port == 0)
    return std::nullopt;
  return e;
}

} // namespace troupe
