#pragma once
// The payment gateway simulator: a real HTTP server with durable books of its own, so that a double
// charge is visible, and with cards that decline, time out or break the connection.
// Source: docs/payment-gateway.md.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe::sim {

struct gateway_simulator_options {
  std::string bind = "127.0.0.1";
  uint16_t port = 0;              ///< 0: any free one
  std::vector<std::string> hosts; ///< names besides loopback that a request may address
  std::string conninfo;           ///< of the books' database, migrated (`database::gateway`)
  std::chrono::milliseconds latency_min{0};
  std::chrono::milliseconds latency_max{0};  ///< of each answer, uniform between the two
  uint64_t seed = 1;                         ///< of the latencies
  int threads = 4;                           ///< each with a connection to the books
  size_t waiting = 1000;                     ///< requests that wait for a thread; more get 503
  size_t held = 1000;                        ///< answers that are late or never come, in memory
  std::chrono::milliseconds silence{60'000}; ///< how long a charge that times out is held
  bool trouble = false; ///< offer `/trouble`, by which anybody can make it fail: for tests only
};

/// Callable from any thread.
class gateway_simulator {
public:
  /// Listens and serves. Throws `std::invalid_argument` for senseless options, `std::system_error`
  /// when the address is taken. A database that is away only makes answers 503.
  explicit gateway_simulator(const gateway_simulator_options& options);
  /// As `stop`.
  ~gateway_simulator();
  gateway_simulator(const gateway_simulator&) = delete;
  gateway_simulator& operator=(const gateway_simulator&) = delete;

  uint16_t port() const;
  /// http://127.0.0.1:port, for a client on this machine.
  std::string url() const;

  /// Answers what has been begun, breaks off what is held in silence, closes. Once; repeats do
  /// nothing.
  void stop();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::sim
