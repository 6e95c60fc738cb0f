#include "http/who.hpp"

#include "domain/ids.hpp"
#include "domain/random.hpp"
#include "http/field_value.hpp"
#include "http/message.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>

namespace troupe::http {

namespace {

using digest = std::array<unsigned char, 32>;

std::string hex_of(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  result.reserve(2 * bytes.size());
  for (auto b : bytes)
    result.append({digits[b >> 4U], digits[b & 15U]});
  return result;
}

digest sha256(std::string_view bytes) {
  digest result{};
  if (EVP_Digest(bytes.data(), bytes.size(), result.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
  return result;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool all_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

/// Takes one entity tag off the front of `list`, without its `W/`; empty when there is none.
std::string_view take_tag(std::string_view& list) {
  list = trimmed(list);
  if (list.starts_with("W/"))
    list.remove_prefix(2);
  auto end = list.starts_with('"') ? list.find('"', 1) : std::string_view::npos;
  if (end == std::string_view::npos)
    return {};
  auto tag = list.substr(0, end + 1);
  list = trimmed(list.substr(end + 1));
  return tag;
}

} // namespace

std::optional<std::string> choose_user(std::string_view header, std::string_view in_body,
                                       std::string_view in_query, std::string_view fallback) {
  std::string chosen;
  for (auto candidate : {trimmed(header), in_body, in_query, fallback}) {
    if (!candidate.empty() && !valid_id(candidate))
      return std::nullopt;
    if (chosen.empty())
      chosen = candidate;
  }
  return chosen.empty() ? std::nullopt : std::optional(std::move(chosen));
}

bool is_admin(std::string_view authorization, std::string_view token) {
  if (token.empty())
    return true;
  constexpr std::string_view scheme = "Bearer ";
  authorization = trimmed(authorization);
  if (!iequals(authorization.substr(0, scheme.size()), scheme))
    return false;
  // Digests have one length, so the comparison tells nothing about the token's.
  const auto given = sha256(trimmed(authorization.substr(scheme.size())));
  const auto wanted = sha256(token);
  return CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) == 0;
}

std::string etag_of(int32_t version) {
  return '"' + std::to_string(version) + '"';
}

bool none_match_holds(std::string_view if_none_match, std::string_view etag) {
  auto list = trimmed(if_none_match);
  if (list == "*")
    return true;
  bool found = false;
  while (!list.empty()) {
    const auto tag = take_tag(list);
    if (tag.empty() || (!list.empty() && !list.starts_with(',')))
      return false;
    found = found || tag == etag;
    if (!list.empty())
      list.remove_prefix(1);
  }
  return found;
}

bool valid_idempotency_key(std::string_view key) {
  return !key.empty() && key.size() <= 255
         && std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string idempotency_scope(std::string_view user, std::string_view method, std::string_view path,
                              std::string_view key) {
  std::string result(user);
  for (auto part : {method, path})
    result.append(" ").append(part);
  return result + " " + sha256_hex(key);
}

std::string idempotency_digest(std::string_view key, std::string_view body) {
  std::string text(key);
  return sha256_hex(text.append("\n").append(body)); // a key holds no line end
}

std::string sha256_hex(std::string_view bytes) {
  return hex_of(sha256(bytes));
}

bool valid_traceparent(std::string_view header) {
  // version "-" trace id "-" parent id "-" flags; later versions may append "-…".
  constexpr size_t length = 55;
  if (header.size() < length || header[2] != '-' || header[35] != '-' || header[52] != '-')
    return false;
  const auto version = header.substr(0, 2);
  const auto trace = header.substr(3, 32);
  const auto parent = header.substr(36, 16);
  if (!is_hex(version) || !is_hex(trace) || !is_hex(parent) || !is_hex(header.substr(53, 2)))
    return false;
  if (version == "ff" || all_zero(trace) || all_zero(parent))
    return false;
  return header.size() == length || (version != "00" && header[length] == '-');
}

std::string traceparent_or_fresh(std::string_view header) {
  header = trimmed(header);
  if (valid_traceparent(header))
    return "00" + std::string(header.substr(2, 53));
  return "00-" + random_hex(16) + "-" + random_hex(8) + "-01";
}

std::string_view trace_id(std::string_view traceparent) {
  return traceparent.size() < 35 ? std::string_view() : traceparent.substr(3, 32);
}

} // namespace troupe::http
