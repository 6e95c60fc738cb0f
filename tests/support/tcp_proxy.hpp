#pragma once
// A TCP proxy on loopback that breaks connections where a test says. One thread.

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace troupe::test {

class tcp_proxy {
public:
  /// Forwards to `host` (an address) and `port`.
  tcp_proxy(std::string host, uint16_t port);
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;
  ~tcp_proxy();

  uint16_t port() const { return port_; }

  enum class fault : uint8_t {
    none,
    drop_request, ///< the next bytes of a client go nowhere; both sides are closed
    drop_reply,   ///< the next bytes of the server go nowhere; both sides are closed
    hold_request  ///< the next bytes of a client are kept, it is closed, the server's side is not
  };
  /// The next connection that moves bytes in that direction meets `what`, once.
  void next(fault what) { fault_ = what; }
  /// Sends what `hold_request` kept, as a network that was slow would. False: the server had
  /// closed that connection.
  bool release_held();

private:
  struct pair {
    int client = -1;
    int server = -1;
  };

  void run();
  void accept_one();
  bool pump(pair& each, bool from_client);
  static void close_both(pair& each);

  std::string host_;
  uint16_t upstream_;
  uint16_t port_ = 0;
  int listener_ = -1;
  std::list<pair> pairs_; ///< the thread's own
  std::mutex lock_;       ///< of what is held
  int held_server_ = -1;
  std::string held_;
  std::atomic<fault> fault_{fault::none};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

} // namespace troupe::test
