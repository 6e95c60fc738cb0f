#pragma once
// What the payment gateway simulator can be told to do wrong: answers that are slow, fail, or never
// come because the connection breaks. It happens after the books are written, so that the client
// cannot know what came of a charge. Callable from any thread.
// Source: "Trouble" in docs/payment-gateway.md.

#include "http/message.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <random>

namespace troupe::sim {

class gateway_trouble {
public:
  explicit gateway_trouble(uint64_t seed) : random_(seed) {}

  enum class mishap : uint8_t { none, fail, break_off };
  struct fate {
    mishap what = mishap::none;
    std::chrono::milliseconds delay{0}; ///< besides the usual latency
  };
  /// Decides for one answer.
  fate draw();

  /// GET shows what is set and how many answers it has met; PUT sets it and counts from 0.
  http::response serve(const http::request& what);

private:
  http::response shown();

  std::mutex mutex_;
  std::mt19937_64 random_;
  int64_t slow_ms_ = 0, fail_percent_ = 0, break_percent_ = 0;
  int64_t met_ = 0;
};

} // namespace troupe::sim
