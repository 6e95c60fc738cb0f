#pragma once
// The head of an HTTP/1.x request, strictly: whatever two readers of the same bytes could
// understand differently (bare LF, folded lines, spaces before a colon, two lengths) is refused,
// so that no connection can be desynchronised. Pure functions, no I/O.

#include "http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::http {

struct framing_limits {
  size_t max_head = 16UL * 1024;  ///< bytes up to and with the empty line, else 431
  size_t max_target = 2UL * 1024; ///< bytes of the URI, else 414
  size_t max_body = 64UL * 1024;  ///< bytes after decoding, else 413
  size_t max_fields = 100;        ///< header lines, else 431
};

/// Why a request was refused. After any of these the connection ends: what follows on it could
/// not be told apart from the rest of the refused request.
struct refusal {
  int status = 400;
  std::string_view code = "malformed_request"; ///< of the problem
  std::string_view detail = {};                ///< a literal, nothing of the client's
  bool operator==(const refusal&) const = default;
};

struct request_head {
  std::string method;
  std::string target;    ///< origin form ("/…"), or "*" of OPTIONS
  std::string authority; ///< of an absolute target, else of Host; empty only in HTTP/1.0
  header_list headers;
  uint64_t content_length = 0;
  bool chunked = false;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

/// `bytes` is a whole head with its empty line, every line ended by CRLF.
std::variant<request_head, refusal> parse_head(std::string_view bytes,
                                               const framing_limits& limits);

/// One header or trailer line without its CRLF; nothing when it is malformed.
std::optional<std::pair<std::string_view, std::string_view>> parse_field(std::string_view line);

/// A character of a token (RFC 9110, 5.6.2): method and header names.
bool is_token_char(char c);

} // namespace troupe::http
