#pragma once
// Many HTTP POSTs at once on one thread of its own, to one server: libcurl's multi interface behind
// our types. Bounded in what is in flight, in what waits, in time and in the size of an answer.
// Connections are kept; redirects are not followed; nothing but http and https is spoken; proxies
// of the environment are not used, so that a card goes nowhere but to the configured server.
// Callable from any thread.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

class http_caller {
public:
  using clock = std::chrono::steady_clock;

  struct options {
    std::string url;        ///< http(s)://host:port
    int in_flight = 64;     ///< calls at once
    int waiting = 10000;    ///< more than this waiting: answered at once with an error
    std::string probe_path; ///< asked with GET when nothing was answered for a while
  };

  struct call {
    std::string path; ///< from "/"
    std::string body;
    std::vector<std::string> headers;   ///< "Name: value"; the caller keeps CR and LF out
    clock::time_point not_before;       ///< starts no sooner
    std::chrono::milliseconds limit{0}; ///< of the exchange itself
    clock::time_point give_up_at;       ///< of all, waiting included
  };

  struct outcome {
    std::string error;  ///< empty: the server answered, whole
    bool tried = false; ///< with an error: it was tried, so trying again may help
    long status = 0;    ///< HTTP
    std::string body;
  };
  using done = std::function<void(const outcome&)>;

  /// Starts the thread. Throws `std::invalid_argument` when the URL is not http(s).
  explicit http_caller(options how);
  /// Answers everything outstanding with an error, then ends the thread.
  ~http_caller();
  http_caller(const http_caller&) = delete;
  http_caller& operator=(const http_caller&) = delete;

  /// `then` is called exactly once, on the thread of this object; on the caller's, with an error,
  /// when too many wait or the object is ending. It may post again.
  void post(call what, done then);

  /// Whether the server answered anything below 500 within the last 10 s.
  bool answered_lately() const;

private:
  class worker;
  std::unique_ptr<worker> worker_;
};

} // namespace troupe
