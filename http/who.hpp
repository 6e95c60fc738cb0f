#pragma once
// What a request's headers say about who asks and under which conditions: user, admin, entity
// tags, idempotency keys, trace context. Pure, except that a fresh trace id is random.
// Source: "Who is asking", "Idempotency-Key" in docs/api.md.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::http {

/// The first of these that is not empty. Nothing when any of them is no valid user id (400).
std::optional<std::string> choose_user(std::string_view header, std::string_view in_body,
                                       std::string_view in_query, std::string_view fallback);

/// `Authorization: Bearer <token>` against the configured one, in time that depends on neither's
/// content. An empty `token` lets everybody in.
bool is_admin(std::string_view authorization, std::string_view token);

/// The entity tag of an order's version: `"7"`.
std::string etag_of(int32_t version);

/// If-None-Match holds `etag`, by the weak comparison of RFC 9110: `*`, one tag, or a list. A
/// malformed field matches nothing.
bool none_match_holds(std::string_view if_none_match, std::string_view etag);

/// 1 to 255 visible ASCII characters.
bool valid_idempotency_key(std::string_view key);

/// What an idempotency key is scoped by, as one text, with the digest of the key in place of it.
/// User, method and path hold no space.
std::string idempotency_scope(std::string_view user, std::string_view method, std::string_view path,
                              std::string_view key);

/// The digest of a body that came under `key`. Whoever does not know the key cannot find out the
/// body by trying: a payment's holds a card.
std::string idempotency_digest(std::string_view key, std::string_view body);

/// SHA-256 in lower-case hex.
std::string sha256_hex(std::string_view bytes);

/// The caller's W3C trace context when it is valid, else a fresh one (sampled).
std::string traceparent_or_fresh(std::string_view header);
bool valid_traceparent(std::string_view header);
/// The 32 hex digits that all logs of one request share.
std::string_view trace_id(std::string_view traceparent);

} // namespace troupe::http
