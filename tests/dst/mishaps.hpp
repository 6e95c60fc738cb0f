#pragma once
// What can go wrong in a run, how often it does by the seed's choice, and how often it did.

#include "domain/chance.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace troupe::dst {

enum class mishap : uint8_t {
  orders_conflict,    ///< somebody else wrote the order
  orders_wait,        ///< a batch fails whole
  orders_lost_before, ///< the connection breaks, nothing was written
  orders_lost_after,  ///< the connection breaks, everything was written
  orders_slow,        ///< a call takes seconds, before or after its effect; others go on
  orders_down,        ///< the database is away for a while
  stock_wait,
  stock_lost_before,
  stock_lost_after,
  stock_slow,
  payments_wait,
  payments_lost_before,
  payments_lost_after,
  payments_slow,
  emailing_wait,
  emailing_lost_before,
  emailing_lost_after,
  emailing_slow,
  inbox_down,        ///< parked events and dead letters of one service
  charge_lost,       ///< a time-out; it never arrived
  charge_unanswered, ///< captured or declined, and the connection breaks
  charge_late,       ///< a time-out; it arrives later
  charge_slow,
  void_unanswered,
  refund_unanswered,
  bus_full,   ///< the producer takes no more for now
  bus_twice,  ///< a record is there twice
  bus_late,   ///< a record is overtaken by later ones
  bus_buried, ///< a consumer loses a record to the dead letters
  bus_down,
  rebalance,
  order_throws,
  worker_throws_before, ///< a journal or a worker of a pool, before it writes
  worker_throws_after,  ///< likewise, after it has written
  reader_throws,
  mail_fails,
  busy,   ///< a customer was told so: a line was full
  killed, ///< the process dies at once
  fenced, ///< another node takes over while this one is at work, and does not know
  ended,  ///< the process ends in order, and starts again
};
constexpr int mishap_count = 40;
std::string_view to_string(mishap m);

/// A rule of docs/protocols.md that a run breaks on purpose, to see that a seed tells.
enum class sabotage : uint8_t {
  none,
  answer_before_commit, ///< a batch is answered as committed though it was lost
  unknown_is_failed,    ///< a charge without an answer counts as declined
  no_void,              ///< recovery says that an attempt is void without asking the gateway
  answers_once,         ///< a duplicate's stored answer is not published again
  offset_first          ///< an offset is committed before the effect
};
constexpr int sabotage_count = 6;
std::string_view to_string(sabotage s);

class mishaps {
public:
  using counts = std::array<int64_t, mishap_count>;

  /// Chooses which kinds happen in this run, and how often.
  explicit mishaps(chance& dice);

  /// Whether `m` happens now; counts it.
  bool strikes(mishap m);
  void happened(mishap m) { ++counts_[static_cast<size_t>(m)]; }
  /// From now on nothing goes wrong.
  void heal() { healed_ = true; }
  bool healed() const { return healed_; }
  const counts& so_far() const { return counts_; }

private:
  chance& dice_;
  std::array<int, mishap_count> per_mille_{};
  counts counts_{};
  bool healed_ = false;
};

} // namespace troupe::dst
