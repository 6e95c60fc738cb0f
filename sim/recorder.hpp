#pragma once
// What a run measures: every call of every customer, where the orders stand, and whether the
// simulation itself keeps up. No clock of its own: time comes in with each call, so that tests give
// any. For one thread (the client's loop), except `faults()`.
//
//   recorder seen(clock::now());
//   seen.begin(call::pay);
//   … the answer is there, or the time is up, or the connection broke …
//   seen.end(call::pay, outcome::ok, intended_start, clock::now());
//   seen.moved(order_status::created, order_status::payment_success);
//   // from a timer, ten times a second or so:
//   seen.lag(clock::now() - when_the_timer_was_due);
//   seen.tick(clock::now(), cpu_time_of_this_thread());
//   // at the end:
//   seen.finish(clock::now());
//
// A latency counts from the intended start: where the customer wanted to call, not where the client
// came round to it, so that a stalled server is not flattered. It counts in the second of its end.

#include "domain/order.hpp"
#include "sim/fault_log.hpp"
#include "sim/histogram.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe::sim {

/// The routes that customers and operators use.
enum class call : uint8_t {
  list_products,
  get_product,
  create_order,
  pay,
  get_order,    ///< a poll: answered at once
  wait_order,   ///< a long-poll: its latency holds the wait that was asked for
  stream_order, ///< until its first event; what follows is no call
  cancel_order,
  list_orders,
  list_notifications,
  stream_notifications, ///< as `stream_order`, until its headers when nothing is to be told
  read_notification,
  dispatch_order,
  deliver_order,
  list_inventory,
  edit_product,
  other,
};
constexpr size_t call_count = 17;
/// "create order", "pay", …
std::string_view to_string(call c);

enum class outcome : uint8_t {
  ok,        ///< 2xx or 304, as hoped
  refused,   ///< a 4xx that the scenario asks for: sold out, declined, cancelled too late, …
  busy,      ///< 429, 503
  failed,    ///< any other status: another 5xx, a 4xx that nobody asked for, an unreadable answer
  broken,    ///< no connection, or it ended before the answer did
  timed_out, ///< the client gave up
};
constexpr size_t outcome_count = 6;
/// "ok", "refused", "busy", "failed", "broken", "timed out"
std::string_view to_string(outcome o);

/// How often a call had each outcome.
using outcomes = std::array<uint64_t, outcome_count>;
uint64_t sum(const outcomes& of);
/// busy, failed, broken and timed out
uint64_t errors(const outcomes& of);

class recorder {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;
  using states = std::array<int64_t, order_status_count>;

  struct call_row {
    std::array<uint32_t, outcome_count> outcomes{};
    int64_t p50_us = 0, p99_us = 0; ///< of this second; 0: none ended
  };
  /// One second of the run.
  struct row {
    std::array<call_row, call_count> calls;
    states orders{};        ///< how many stand in each state, at its end
    int64_t in_flight = 0;  ///< calls, at its end
    int64_t lag_us = 0;     ///< the largest
    double cpu = 0;         ///< of the client's thread, 0 to 1; 0 while nobody tells
    bool own_limit = false; ///< the simulation was at its own: the figures flatter nobody but it
  };
  /// A call over the whole run.
  struct total {
    sim::outcomes outcomes{};
    /// Microseconds, of ok, refused and timed out. What was turned away or broke often ends early
    /// and would make the rest look quick: it is only counted.
    histogram latency;
    int64_t in_flight = 0;
  };

  /// A second counts as the simulation's own limit from this lag or this share of a core on.
  static constexpr std::chrono::milliseconds lag_limit{50};
  static constexpr double cpu_limit = 0.95;
  /// Rows are kept of the first 6 hours; of what comes later only totals.
  static constexpr size_t most_rows = size_t{6} * 3600;

  explicit recorder(time_point start);

  void begin(call what);
  /// Ends a call that has begun. An order that was placed shows that what was broken before it was
  /// wanted has recovered (`faults()`).
  void end(call what, outcome how, time_point intended_start, time_point now);
  /// A call that has begun and is left at the end of the run: it neither succeeded nor failed.
  void abandon(call what);

  /// An order was seen in `to`, last in `from`; none: it is new.
  void moved(std::optional<order_status> from, order_status to);

  /// How late the client's loop came to something that was due.
  void lag(clock::duration late);
  /// Closes the seconds that are over; also when nothing happens, so that a silent second is seen.
  /// `cpu`: what the client's thread has used since it began (CLOCK_THREAD_CPUTIME_ID).
  void tick(time_point now, std::chrono::nanoseconds cpu);
  /// Closes the last second, which may be shorter. Nothing is recorded afterwards.
  void finish(time_point now);

  time_point start() const { return start_; }
  /// From the start to the last second closed, or to `finish`.
  clock::duration elapsed() const { return elapsed_; }
  /// `rows()[i]` is second i, without the one that is under way.
  const std::vector<row>& rows() const { return rows_; }
  const total& of(call what) const { return totals_[static_cast<size_t>(what)]; }
  const states& orders() const { return orders_; }
  int64_t in_flight() const;
  const histogram& lags() const { return lags_; }
  /// How many seconds were at the simulation's own limit.
  size_t seconds_at_own_limit() const;

  fault_log& faults() { return faults_; }
  const fault_log& faults() const { return faults_; }

private:
  struct running {
    std::array<uint32_t, outcome_count> outcomes{};
    histogram latency;
  };
  void close_until(time_point now);
  void close_second();

  time_point start_;
  time_point second_; ///< where the one under way began
  clock::duration elapsed_{};
  std::array<total, call_count> totals_;
  std::array<running, call_count> current_;
  states orders_{};
  histogram lags_;
  int64_t lag_us_ = 0;
  std::optional<std::chrono::nanoseconds> cpu_told_;
  time_point cpu_told_at_;
  double cpu_ = 0;
  std::vector<row> rows_;
  fault_log faults_;
};

} // namespace troupe::sim
