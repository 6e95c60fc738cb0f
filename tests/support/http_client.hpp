#pragma once
// A tiny blocking HTTP client for tests: one request a connection to a loopback port.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::test {

struct http_answer {
  int status = 0; ///< 0: no whole answer came
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The first header of that name, in any case of letters; empty without one.
  std::string header(std::string_view name) const;
};

using header_lines = std::vector<std::pair<std::string, std::string>>;

/// Sends one request with `Connection: close` and reads to the end, at most 20 s. A body that is
/// not empty goes with its Content-Length, and with `application/json` unless `headers` say
/// another Content-Type (an empty one: none at all).
http_answer http_request(uint16_t port, std::string_view method, std::string_view target,
                         const header_lines& headers = {}, std::string_view body = {});

} // namespace troupe::test
