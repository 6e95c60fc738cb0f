#pragma once
// A tiny HTTP-like server on a loopback socket that answers each request exactly as a test says:
// whole, garbled, late, never, or by breaking the connection.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace troupe::test {

struct raw_request {
  std::string head; ///< request line and headers
  std::string body;
  int number = 0; ///< 1 for the first; probes of /health are answered apart and not counted
  std::string header(const std::string& lower_name) const;
};

struct raw_answer {
  std::string bytes; ///< as they go out
  bool hold = false; ///< never answer; the connection stays until the server ends
  bool close = false;
};

/// A whole JSON answer.
raw_answer json_answer(int status, const std::string& body);

class raw_server {
public:
  using handler = std::function<raw_answer(const raw_request&)>;
  explicit raw_server(handler answers);
  ~raw_server();
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<raw_request> requests() const;
  int connections() const { return accepted_; }
  /// Waits until so many requests were read; false after 10 s.
  bool await_requests(size_t count) const;

private:
  void accept_all();
  void serve(int fd);

  handler answers_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> accepted_{0};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<raw_request> requests_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  bool ending_ = false;
  std::thread acceptor_;
};

/// A loopback port that nothing listens on.
int unused_port();

} // namespace troupe::test
