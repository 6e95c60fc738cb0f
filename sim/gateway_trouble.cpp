#include "sim/gateway_trouble.hpp"

#include "http/json_input.hpp"
#include "http/problem.hpp"

#include <nlohmann/json.hpp>

namespace troupe::sim {

namespace {

constexpr int64_t slowest_ms = 60'000;

} // namespace

gateway_trouble::fate gateway_trouble::draw() {
  std::lock_guard lock(mutex_);
  fate drawn{mishap::none, std::chrono::milliseconds(slow_ms_)};
  const auto share = static_cast<int64_t>(random_() % 100);
  if (share < fail_percent_)
    drawn.what = mishap::fail;
  else if (share < fail_percent_ + break_percent_)
    drawn.what = mishap::break_off;
  if (drawn.what != mishap::none || slow_ms_ > 0)
    ++met_;
  return drawn;
}

http::response gateway_trouble::serve(const http::request& what) {
  if (what.method != "PUT")
    return shown();
  using pointer = http::json_input::pointer;
  http::json_input in(what.body);
  const auto slow = in.integer(pointer("/slowMs"), 0, slowest_ms).value_or(0);
  const auto fail = in.integer(pointer("/failPercent"), 0, 100).value_or(0);
  const auto broken = in.integer(pointer("/breakPercent"), 0, 100).value_or(0);
  if (in.good() && fail + broken > 100)
    in.complain(pointer("/breakPercent"), "with failPercent at most 100");
  if (!in.good()) {
    http::problem why;
    why.status = 400;
    why.code = "invalid_request";
    why.errors = in.complaints();
    return http::to_response(why, what.instance());
  }
  {
    std::lock_guard lock(mutex_);
    slow_ms_ = slow;
    fail_percent_ = fail;
    break_percent_ = broken;
    met_ = 0;
  }
  return shown();
}

http::response gateway_trouble::shown() {
  std::lock_guard lock(mutex_);
  const nlohmann::json body{{"slowMs", slow_ms_},
                            {"failPercent", fail_percent_},
                            {"breakPercent", break_percent_},
                            {"met", met_}};
  return {.status = 200, .headers = {}, .body = body.dump()};
}

} // namespace troupe::sim
