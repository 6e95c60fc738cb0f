#pragma once
// Whose address a request came from when reverse proxies stand before the server. Pure.

#include "http/message.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::http {

/// An IPv6 address, or an IPv4 one in its mapped form, so that both are compared alike.
using ip_address = std::array<uint8_t, 16>;

/// A numeric address without port, brackets or zone.
std::optional<ip_address> parse_address(std::string_view text);
/// As people write it: a mapped IPv4 address with dots alone.
std::string to_text(const ip_address& address);
/// 127.0.0.0/8 or ::1.
bool is_loopback(const ip_address& address);
/// What a limit per address counts by: all of an IPv4 address, the first 64 bits of an IPv6 one,
/// since every subscriber has so many. A text that is no address stands for itself.
std::string network_of(std::string_view address);

/// An address, or a network `address/bits`.
class network {
public:
  /// Nothing when it is neither, or has bits set behind its prefix.
  static std::optional<network> parse(std::string_view text);

  bool contains(const ip_address& address) const;

private:
  ip_address base_{};
  unsigned bits_ = 128; ///< of the mapped form
};

/// The proxies whose word about a client's address counts.
class proxy_policy {
public:
  /// Addresses and networks. What is neither is passed over: the configuration has refused it.
  explicit proxy_policy(const std::vector<std::string>& trusted);

  /// The address that the request came from: `peer`'s own, unless it is a trusted proxy. Then the
  /// rightmost address in X-Forwarded-For that is no trusted proxy, or the leftmost when all are;
  /// likewise in Forwarded (RFC 7239). What stands further left could be made up by the client. An
  /// entry that is no address counts as the proxy that wrote it. When both headers are there and
  /// differ, one of them came through unchecked, and the peer's own address counts.
  std::string client_of(const std::string& peer, const header_list& headers) const;

private:
  bool trusts(const ip_address& address) const;
  ip_address walk(const ip_address& peer, const std::vector<std::optional<ip_address>>& told) const;

  std::vector<network> trusted_;
};

} // namespace troupe::http
