#pragma once
// A raw client of one loopback connection: sends exactly the bytes it is told and reads whole
// answers, each read bounded by a deadline.

#include "http/fd.hpp"
#include "http/message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace troupe::http::test {

using namespace std::chrono_literals;

struct answer {
  int status = 0;
  header_list headers;
  std::string body;

  std::string header(std::string_view name) const;
  std::string code() const; ///< of a problem body
};

class client {
public:
  explicit client(uint16_t port);

  /// Sends all of it; false when the connection is dead.
  bool send(std::string_view bytes);
  void end_sending();
  /// Closes with a reset instead of an orderly end.
  void reset();
  void close() { socket_.reset(); }

  /// The next answer; nothing when the connection ends, or nothing whole comes, before the
  /// deadline.
  std::optional<answer> receive(std::chrono::milliseconds limit = 5s, bool to_head = false);
  /// The next bytes, as they are, up to and with `last`; nothing when the connection ends, or they
  /// do not come, before the deadline.
  std::optional<std::string> read_to(std::string_view last, std::chrono::milliseconds limit = 5s);
  /// The server has ended the connection within the limit (what it still sends is dropped).
  bool ended(std::chrono::milliseconds limit = 5s);
  /// Nothing comes within the limit.
  bool silent(std::chrono::milliseconds limit);

  /// Sends a request and receives its answer.
  std::optional<answer> ask(std::string_view bytes) {
    return send(bytes) ? receive() : std::nullopt;
  }

private:
  enum class got { bytes, end, nothing };
  got fill(std::chrono::steady_clock::time_point until);

  fd socket_;
  std::string in_;
};

/// A GET of HTTP/1.1 for a path, with further header lines (each with CRLF).
std::string get(std::string_view path, std::string_view more = {});
/// A request with a body and its Content-Length.
std::string with_body(std::string_view method, std::string_view path, std::string_view body,
                      std::string_view more = {});

/// Polls until `done`, at most `limit`.
template <class F>
bool eventually(F done, std::chrono::milliseconds limit = 5s) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

} // namespace troupe::http::test
