#pragma once
// The five HTTP servers: one port a service, and the gateway with every route.

#include "app/config.hpp"
#include "http/backend.hpp"
#include "http/front.hpp"

#include <memory>
#include <vector>

namespace troupe {

class fronts {
public:
  /// Binds and serves all ports at once; while `behind` is closed, routes answer 503. Throws
  /// `std::runtime_error` naming the configuration key of an address that cannot be bound.
  fronts(const config& c, const http::backend& behind);

  /// Of the gateway, which has every route.
  std::vector<http::route_name> gateway_routes() const;

  /// No new connections; waits until begun requests are answered, `limit` at most.
  void drain(std::chrono::milliseconds limit);
  void stop();

private:
  std::vector<std::unique_ptr<http::front>> fronts_;
};

} // namespace troupe
