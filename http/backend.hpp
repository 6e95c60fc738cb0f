#pragma once
// What stands behind the routes: the actors that answer, once they are there, and the options.

#include "actors/membership_keeper.hpp"
#include "actors/peer_router.hpp"
#include "domain/ids.hpp"
#include "http/gateway.hpp"
#include "http/request_rates.hpp"
#include "http/waiting_clients.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace troupe::http {

/// The actors that routes ask. They must outlive crashes behind them (regions and pools do).
struct doors {
  order_door orders;
  order_reader reader;
  order_key_reader keys; ///< may be null: then a repeated key is judged by the catalogue first
  catalogue_actor catalogue;
  notification_actor notifications;
  diagnosis_actor diagnosis;
  letters_actor letters;
  membership_keeper cluster;
  peer_router_actor peers; ///< may be null: there are no other nodes
  id_source order_ids;     ///< of new orders; may be null: any will do
};
using doors_ptr = std::shared_ptr<const doors>;

struct api_options {
  std::string default_user = "user-1";
  std::string admin_token; ///< empty: admin routes are open (the wiring then binds loopback only)
  int64_t low_stock = 10;  ///< `lowStock` at this many units or fewer
  std::chrono::milliseconds answer_within{15'000};  ///< then 503
  std::chrono::milliseconds payment_within{14'000}; ///< above the charge limit
  rate per_user = {}, per_address = {};             ///< of requests
};

/// Made once by the wiring; outlives every front whose routes it serves. Thread-safe.
class backend {
public:
  backend(api_options how, id_source fresh_ids, gateway& through, waiting_clients& waiters,
          health_board& board, metrics& count)
      : options(std::move(how)),
        ids(std::move(fresh_ids)),
        calls(through),
        waiting(waiters),
        health(board),
        counters(count),
        rates(options.per_user, options.per_address, count) {}

  const api_options options;
  const id_source ids;
  gateway& calls;
  waiting_clients& waiting;
  health_board& health;
  metrics& counters;
  mutable request_rates rates; ///< thread-safe by itself

  /// Routes answer 503 before the first `open` and after `close`.
  void open(doors to) { set(std::make_shared<const doors>(std::move(to))); }
  void close() { set(nullptr); }
  /// Null while closed.
  doors_ptr behind() const {
    std::lock_guard guard(mutex_);
    return doors_;
  }

private:
  void set(doors_ptr to) {
    std::lock_guard guard(mutex_);
    doors_.swap(to);
  }

  mutable std::mutex mutex_;
  doors_ptr doors_;
};

} // namespace troupe::http
