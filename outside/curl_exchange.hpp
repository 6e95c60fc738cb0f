#pragma once
// libcurl's handles in RAII: one exchange (a request and its answer) and the set that drives many.
// Only http_caller uses these. One thread owns a set and its exchanges; only `wake` may be called
// from others.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

class curl_set;

class curl_exchange {
public:
  ~curl_exchange(); ///< ends it, if it still runs
  curl_exchange(const curl_exchange&) = delete;
  curl_exchange& operator=(const curl_exchange&) = delete;

  /// Once the set has named it as over: empty when a whole answer came.
  const std::string& error() const;
  long status() const;
  const std::string& body() const;

private:
  friend class curl_set;
  struct state;
  explicit curl_exchange(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

class curl_set {
public:
  /// `connections`: how many are kept open between calls. As many as run at once, or some are
  /// opened anew each time.
  explicit curl_set(int connections);
  ~curl_set(); ///< all exchanges must be gone
  curl_set(const curl_set&) = delete;
  curl_set& operator=(const curl_set&) = delete;

  std::unique_ptr<curl_exchange> post(const std::string& url,
                                      const std::vector<std::string>& headers, std::string body,
                                      std::chrono::milliseconds limit);
  std::unique_ptr<curl_exchange> get(const std::string& url, std::chrono::milliseconds limit);

  /// Moves all on; those that are over.
  std::vector<curl_exchange*> perform();
  /// Until something can move, `wake` was called or the time is over.
  void wait(std::chrono::milliseconds at_most);
  void wake();

private:
  struct state;
  std::unique_ptr<curl_exchange> start(const std::string& url,
                                       const std::vector<std::string>& headers,
                                       std::optional<std::string> body,
                                       std::chrono::milliseconds limit);
  std::unique_ptr<state> state_;
};

} // namespace troupe
