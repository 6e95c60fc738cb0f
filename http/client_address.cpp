#include "http/client_address.hpp"

#include "http/field_value.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace troupe::http {

namespace {

using chain = std::vector<std::optional<ip_address>>;

constexpr ip_address mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr size_t mapped_bytes = 12;

bool is_v4(const ip_address& address) {
  return std::equal(address.begin(), address.begin() + mapped_bytes, mapped_prefix.begin());
}

/// Takes what stands before the next `separator` off the front of `list`. Separators in a quoted
/// text do not part.
std::string_view take_item(std::string_view& list, char separator) {
  bool quoted = false;
  size_t at = 0;
  for (; at < list.size() && (quoted || list[at] != separator); ++at)
    quoted ^= list[at] == '"';
  const auto item = trimmed(list.substr(0, at));
  list.remove_prefix(std::min(at + 1, list.size()));
  return item;
}

/// `address`, `address:port`, `[address]` or `[address]:port`, as proxies write them.
std::optional<ip_address> address_in(std::string_view entry) {
  if (entry.starts_with('[')) {
    const auto end = entry.find(']');
    return end == std::string_view::npos ? std::nullopt : parse_address(entry.substr(1, end - 1));
  }
  if (std::count(entry.begin(), entry.end(), ':') == 1)
    entry = entry.substr(0, entry.find(':'));
  return parse_address(entry);
}

/// The `for` of one element of Forwarded; empty when it has none.
std::string_view for_in(std::string_view element) {
  while (!element.empty()) {
    const auto pair = take_item(element, ';');
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || !iequals(pair.substr(0, equals), "for"))
      continue;
    auto value = pair.substr(equals + 1);
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
      value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

/// Every hop that headers of this name tell of, in their order; several are one list.
chain hops(const header_list& headers, std::string_view name, bool forwarded) {
  chain result;
  for (const auto& [key, value] : headers) {
    if (!iequals(key, name))
      continue;
    for (std::string_view left = value; !left.empty();) {
      const auto item = take_item(left, ',');
      result.push_back(address_in(forwarded ? for_in(item) : item));
    }
  }
  return result;
}

} // namespace

std::optional<ip_address> parse_address(std::string_view text) {
  const std::string terminated(text);
  // A NUL would hide what stands behind it.
  if (terminated.find('\0') != std::string::npos)
    return std::nullopt;
  ip_address result = mapped_prefix;
  if (::inet_pton(AF_INET, terminated.c_str(), &result[mapped_bytes]) == 1)
    return result;
  if (::inet_pton(AF_INET6, terminated.c_str(), result.data()) == 1)
    return result;
  return std::nullopt;
}

std::string to_text(const ip_address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4(address))
    ::inet_ntop(AF_INET, &address[mapped_bytes], text.data(), text.size());
  else
    ::inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  return text.data();
}

bool is_loopback(const ip_address& address) {
  if (is_v4(address))
    return address[mapped_bytes] == 127;
  constexpr ip_address v6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return address == v6;
}

std::string network_of(std::string_view address) {
  const auto parsed = parse_address(address);
  if (!parsed || is_v4(*parsed))
    return std::string(address);
  auto prefix = *parsed;
  std::fill(prefix.begin() + 8, prefix.end(), uint8_t{0});
  return to_text(prefix) + "/64";
}

std::optional<network> network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = parse_address(text.substr(0, slash));
  if (!base)
    return std::nullopt;
  network result;
  result.base_ = *base;
  if (slash == std::string_view::npos)
    return result;
  const auto bits = text.substr(slash + 1);
  const auto* const end = bits.data() + bits.size();
  const unsigned unmapped = is_v4(*base) && text.find(':') == std::string_view::npos ? 96 : 0;
  const auto [stopped, error] = std::from_chars(bits.data(), end, result.bits_);
  if (error != std::errc() || stopped != end || result.bits_ > 128 - unmapped)
    return std::nullopt;
  result.bits_ += unmapped;
  for (unsigned bit = result.bits_; bit < 128; ++bit)
    if (((result.base_.at(bit / 8) >> (7 - bit % 8)) & 1U) != 0)
      return std::nullopt;
  return result;
}

bool network::contains(const ip_address& address) const {
  const auto whole = bits_ / 8;
  if (std::memcmp(base_.data(), address.data(), whole) != 0)
    return false;
  const auto rest = bits_ % 8;
  return rest == 0 || ((base_.at(whole) ^ address.at(whole)) >> (8 - rest)) == 0;
}

proxy_policy::proxy_policy(const std::vector<std::string>& trusted) {
  for (const auto& text : trusted)
    if (auto one = network::parse(text))
      trusted_.push_back(*one);
}

bool proxy_policy::trusts(const ip_address& address) const {
  return std::any_of(trusted_.begin(), trusted_.end(),
                     [&](const network& n) { return n.contains(address); });
}

ip_address proxy_policy::walk(const ip_address& peer, const chain& told) const {
  auto nearest = peer;
  for (auto hop = told.rbegin(); hop != told.rend() && *hop && trusts(nearest); ++hop)
    nearest = **hop;
  return nearest;
}

std::string proxy_policy::client_of(const std::string& peer, const header_list& headers) const {
  const auto from = trusted_.empty() ? std::nullopt : parse_address(peer);
  if (!from || !trusts(*from))
    return peer;
  const auto x_forwarded = hops(headers, "X-Forwarded-For", false);
  const auto forwarded = hops(headers, "Forwarded", true);
  const auto by_x = walk(*from, x_forwarded);
  const auto by_standard = walk(*from, forwarded);
  if (x_forwarded.empty() || forwarded.empty())
    return to_text(x_forwarded.empty() ? by_standard : by_x);
  return to_text(by_x == by_standard ? by_x : *from);
}

} // namespace troupe::http
