#pragma once
// A request and a response as plain values: what handlers read and write. Nothing here knows
// sockets or the HTTP library underneath; both are cheap to move and safe to keep.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::http {

/// Names and values in the order of the wire.
using header_list = std::vector<std::pair<std::string, std::string>>;

/// One whole request. Header values are as sent (never percent-decoded, no control characters);
/// `path`, `query` and `path_params` are percent-decoded and may hold any bytes but NUL.
struct request {
  std::string method = {}; ///< upper case; HEAD reaches the handler of GET as "HEAD"
  std::string target = {}; ///< origin form as sent, with the query: visible ASCII only
  std::string path = {};   ///< decoded, without the query
  std::string route = {};  ///< the pattern that matched, as it was registered
  std::multimap<std::string, std::string> query = {};
  header_list headers = {};
  header_list path_params = {};    ///< `:name` of the pattern and what stood there
  std::string body = {};           ///< empty when none was sent
  std::string remote_address = {}; ///< the client's: see `front_options::trusted_proxies`

  /// The first header of that name, in any case of letters.
  std::optional<std::string_view> header(std::string_view name) const;
  /// How often the header occurs.
  size_t header_count(std::string_view name) const;
  /// What stood at `:name`; empty when the pattern has no such name.
  std::string_view path_param(std::string_view name) const;
  /// The first query parameter of that name.
  std::optional<std::string_view> query_param(std::string_view name) const;
  /// The target without its query, as problem+json names it in `instance`.
  std::string_view instance() const;
  /// The Content-Type says JSON (`application/json` or `…+json`, parameters allowed).
  bool has_json_type() const;
};

/// One whole answer. Content-Length, Connection, Transfer-Encoding, Date and the CORS headers
/// belong to the front: any in `headers` are left out. Control characters in values become spaces.
struct response {
  int status = 200;
  header_list headers = {};
  std::string body = {};
  std::string content_type = "application/json"; ///< written when there is a body
};

/// Case-insensitive comparison of header names and tokens.
bool iequals(std::string_view a, std::string_view b);

/// The standard phrase of a status, "Unknown" for one without.
std::string_view reason_phrase(int status);

} // namespace troupe::http
