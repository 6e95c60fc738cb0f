#include "http/policy.hpp"

#include "http/client_address.hpp"
#include "http/message.hpp"

#include <algorithm>
#include <optional>

namespace troupe::http {

namespace {

bool is_port(std::string_view s) {
  return s.size() <= 5 && s.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The host of `host[:port]`, an IPv6 one without its brackets; nothing when malformed.
std::optional<std::string_view> host_of(std::string_view authority) {
  std::string_view host = authority;
  std::string_view rest;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos)
      return std::nullopt;
    host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    rest = authority.substr(colon);
  }
  if (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1))))
    return std::nullopt;
  return host;
}

bool names_loopback(std::string_view host) {
  const auto address = parse_address(host);
  return address ? is_loopback(*address) : iequals(host, "localhost");
}

} // namespace

bool host_policy::allows(std::string_view authority) const {
  const auto host = host_of(authority);
  return host
         && (names_loopback(*host)
             || std::any_of(names_.begin(), names_.end(),
                            [&](const std::string& name) { return iequals(name, *host); }));
}

bool origin_policy::allows(std::string_view origin) const {
  return std::any_of(origins_.begin(), origins_.end(), [&](std::string_view allowed) {
    if (!allowed.ends_with(":*"))
      return iequals(origin, allowed);
    allowed.remove_suffix(2);
    if (!iequals(origin.substr(0, allowed.size()), allowed))
      return false;
    const auto port = origin.substr(allowed.size());
    return port.empty() || (port[0] == ':' && port.size() > 1 && is_port(port.substr(1)));
  });
}

} // namespace troupe::http
