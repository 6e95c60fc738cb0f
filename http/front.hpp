#pragma once
// The reactive HTTP/1.1 server: one listener, one epoll loop on one thread. A connection, a request
// that waits for its answer and an idle keep-alive client hold memory, never a thread.
//
// Handlers run on the loop's thread and must not block: they hand the reply on and return. The
// front alone decides framing and bounds; what it refuses itself is answered as problem+json:
// 400, 404, 405, 408, 413, 414, 415 (any Content-Encoding), 417, 421, 431, 500, 501, 503, 505.
// Answers of a connection keep the order of its requests; requests of unsafe methods are begun
// only when the earlier ones of the connection are answered (RFC 9112, 9.3.2).

#include "http/message.hpp"
#include "http/problem.hpp"
#include "http/reply.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::http {

/// One answered request, for metrics and logs; a stream counts when its head is sent. The views
/// live for the call only.
struct access {
  std::string_view method = {};     ///< empty when the request could not be read
  std::string_view route = {};      ///< the registered pattern; empty when none matched
  std::string_view target = {};     ///< empty when the request could not be read
  int status = 0;                   ///< 499: the client left, or was broken off, before the answer
  std::chrono::microseconds took{}; ///< from the whole request read to its answer
};

struct front_options {
  std::string name = "http";      ///< of the thread and in logs
  std::string bind = "127.0.0.1"; ///< numeric IPv4 or IPv6 address
  uint16_t port = 0;              ///< 0: any free one, `front::port()` tells

  size_t max_body = 64UL * 1024;           ///< bytes after chunked decoding, else 413
  size_t max_head = 16UL * 1024;           ///< bytes of request line and headers, else 431
  size_t max_target = 2UL * 1024;          ///< bytes of the URI, else 414
  size_t max_connections = 15000;          ///< more are answered 503
  size_t max_pipelined = 16;               ///< requests of a connection begun and unanswered,
                                           ///< and begun in one turn of the loop
  size_t max_write_buffer = 1024UL * 1024; ///< bytes unsent, past which no request is begun

  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds reading_timeout{10'000}; ///< first byte to whole request, else 408
  std::chrono::milliseconds writing_timeout{30'000}; ///< for each 16 KiB that the client takes
  std::chrono::milliseconds linger_timeout{2'000};   ///< discarding input after a last answer

  /// Answer 421 unless Host is loopback (localhost, 127.0.0.0/8, ::1) or one of `hosts` (names
  /// without port): a web page elsewhere cannot reach a loopback server by DNS rebinding.
  bool check_host = true;
  std::vector<std::string> hosts = {};

  /// Reverse proxies (addresses, networks) whose X-Forwarded-For and Forwarded tell who the client
  /// is; of others these headers mean nothing.
  std::vector<std::string> trusted_proxies = {};

  /// Asked on the loop's thread before a whole, well-formed request is served, with its route and
  /// its client's address known; what it returns is the answer. Must not block.
  std::function<std::optional<problem>(const request&)> admit = {};

  /// Origins that browsers may call from: exact ones, or `scheme://host:*` for any port.
  std::vector<std::string> cors_origins = {"http://localhost:*", "http://127.0.0.1:*"};

  /// Called on the loop's thread for every answer; must not block.
  std::function<void(const access&)> on_access = {};

  /// Called on the loop's thread when a stream's client was cut off, because it read too slowly;
  /// must not block.
  std::function<void()> on_cut_off = {};
};

/// How a route was registered: "GET", "/orders/:id".
struct route_name {
  std::string method;
  std::string pattern;
};

using handler = std::function<void(request, reply)>;

/// Routes and mounts are registered before `start`. All else may be called from any thread that
/// is not the loop's; the destructor stops.
class front {
public:
  /// Binds and listens at once. Throws `std::system_error` with the address in its text.
  explicit front(front_options options);
  ~front();
  front(const front&) = delete;
  front& operator=(const front&) = delete;

  /// A pattern is a path whose segments are literal or `:name`, which takes one segment of 1 to
  /// 128 bytes: "/orders/:id/dispatch". Of several that match the first registered wins. Another
  /// method on a known path is 405 with Allow; OPTIONS and HEAD are answered by the front. A
  /// handler that throws answers 500 and is logged.
  void get(std::string pattern, handler h) { route("GET", std::move(pattern), std::move(h)); }
  void post(std::string pattern, handler h) { route("POST", std::move(pattern), std::move(h)); }
  void put(std::string pattern, handler h) { route("PUT", std::move(pattern), std::move(h)); }
  void patch(std::string pattern, handler h) { route("PATCH", std::move(pattern), std::move(h)); }
  void del(std::string pattern, handler h) { route("DELETE", std::move(pattern), std::move(h)); }
  void route(std::string method, std::string pattern, handler h);
  std::vector<route_name> routes() const;

  /// Files of `directory` under `url_prefix`, for paths that no route knows. Read on the loop:
  /// for small pages. Throws `std::invalid_argument` when there is no such directory.
  void mount(const std::string& url_prefix, const std::string& directory);

  void start();
  uint16_t port() const;

  /// Closes the listener; requests of open connections are still served, each answered with
  /// Connection: close.
  void stop_accepting();
  /// Ends all streams, and waits until every begun request is answered and its answer taken; false
  /// when `limit` came first.
  bool drain(std::chrono::milliseconds limit);
  /// Closes everything and ends the thread. Replies may still be sent: they go nowhere.
  void stop();

  /// Open connections now.
  size_t connections() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::http
