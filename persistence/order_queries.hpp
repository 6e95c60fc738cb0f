#pragma once
// Reads of the orders database, in batches, on a session of their own. Blocking: only detached
// actors call them. All throw `store_error` (`lost`, `wait`); a later call reconnects by itself.

#include "domain/order.hpp"
#include "persistence/order_store.hpp"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe {

struct overdue_order {
  std::string id;
  int32_t version = 0;
  timestamp deadline{};
};

/// Figures of GET /analytics/orders that the orders database knows; see docs/api.md.
struct order_figures {
  std::map<std::string, int64_t> by_status; ///< every status, zero included
  int64_t failed_payments = 0; ///< PAYMENT_FAILED, or CANCELLED without ever having been paid
  cents total_revenue = 0;
  cents revenue_today = 0;
  struct day {
    std::string date; ///< YYYY-MM-DD, UTC
    cents revenue = 0;
    int64_t orders = 0;
  };
  std::vector<day> days; ///< the last 30, oldest first, none missing
  struct product {
    std::string id, name;
    int64_t quantity = 0;
    cents revenue = 0;
  };
  std::vector<product> top_products; ///< at most 10, of COMPLETED orders, by quantity
};

/// Which orders a list shows: newest first, by creation, then id.
struct order_filter {
  std::string user_id; ///< empty: everybody's
  std::optional<order_status> status;
  struct place {
    timestamp created_at{};
    std::string id;
  };
  std::optional<place> after; ///< only older ones
  int limit = 50;
};

class order_queries {
public:
  virtual ~order_queries() = default;

  /// The orders with these ids, in any order; unknown ids are left out.
  virtual std::vector<order> load(std::span<const std::string> ids) = 0;

  /// A page of orders.
  virtual std::vector<order> list(const order_filter& by) = 0;

  /// At most `limit` live orders of `shards` past their deadline, longest overdue first; only those
  /// after `after`, by deadline and id, so that orders that cannot move do not hide the others.
  virtual std::vector<overdue_order> overdue(std::span<const int32_t> shards, int limit,
                                             const overdue_order& after = {})
      = 0;

  /// Live orders of `shards` in PAYMENT_PENDING: after their owner's end nobody is at work on them.
  virtual std::vector<overdue_order> unsettled_payments(std::span<const int32_t> shards, int limit)
      = 0;

  /// Orders past their deadline, or whose deadline has passed without a change, by status.
  virtual std::array<int64_t, order_status_count> count_overdue() = 0;

  /// Every event of these orders so far, as first published, in position order.
  virtual std::vector<outgoing_event> events_of(std::span<const std::string> ids) = 0;

  /// What these idempotency scopes were used for within the keys' life, by scope.
  virtual std::map<std::string, earlier_use> earlier_uses(std::span<const std::string> scopes) = 0;

  /// Takes the steps since the last time into the figures, some thousands at most. False: there
  /// may be more.
  virtual bool fold_figures() = 0;

  /// The figures of every committed step. Throws `wait` while too many are not folded in yet.
  virtual order_figures figures() = 0;

  /// One round trip; throws when the database does not answer. For readiness.
  virtual void ping() = 0;
};

/// `key_life`: as the order_store's.
std::unique_ptr<order_queries> make_order_queries(std::string conninfo,
                                                  std::chrono::seconds key_life = default_key_life);

} // namespace troupe
