#pragma once
// Named places where the process can be made to die or to stand still, or an actor to crash, so
// that tests see what a fault at exactly that place leaves behind. Always compiled in, so that what
// is tested is what ships; armed only by TROUPE_FAIL_POINTS, and then the start says so loudly. A
// passing costs one relaxed load while nothing is armed. Callable from any thread.
//
//   TROUPE_FAIL_POINTS="journal.before_commit=kill@3,outbox.after_publish=pause:2000"
//
// kill: SIGKILL to itself. stop: SIGSTOP to itself. pause:MS: the passing thread sleeps. throw: the
// actor at work throws a std::runtime_error; throw:ORDER: whenever that order passes. @N: at the
// Nth passing since the start (the first when left out), @N+: and at all later ones; passings of
// all threads count together. One point may be named several times; what is named for the same
// passing happens in that order.

#include <array>
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

namespace troupe {

struct fail_point_place {
  std::string_view name;
  std::string_view where; ///< what has happened there, and what has not
  /// Nothing has happened: a death here is one at any moment, so that only `throw` tells more.
  bool takes_up_work = false;
};

/// All of them. tests/e2e/faults/test_kill_points.py arms each and sees it passed;
/// test_supervision.py those where an actor takes up its work.
inline constexpr std::array fail_points{
    fail_point_place{"journal.before_commit", "a batch of orders is gathered, nothing is sent"},
    fail_point_place{"batch.half_sent", "half of a batch is at the server, its commit is not sent"},
    fail_point_place{"journal.after_commit",
                     "a batch of orders is committed, nobody has an answer"},
    fail_point_place{"outbox.after_publish",
                     "events are delivered, their watermark is not written"},
    fail_point_place{"order.before_offset",
                     "an order has taken an event, its offset is not committed"},
    fail_point_place{"inventory.before_offset", "stock has moved, the answers are not published"},
    fail_point_place{"payment.before_offset", "refunds are begun, the offset is not committed"},
    fail_point_place{"emailing.before_effect", "events are consumed, their notices not committed"},
    fail_point_place{"emailing.before_offset", "notices are committed, their offsets are not"},
    fail_point_place{"payment.before_attempt",
                     "the order is PAYMENT_PENDING, the attempt not begun"},
    fail_point_place{"payment.before_gateway", "the attempt is begun, the gateway not asked"},
    fail_point_place{"payment.after_gateway",
                     "the gateway has answered, the outcome is not written"},
    fail_point_place{"payment.between_commits",
                     "the outcome is committed in payments, the order does not know it"},
    fail_point_place{"refund.before_gateway", "the refund is begun, the gateway not asked"},
    fail_point_place{"refund.after_gateway", "the gateway has refunded, the books do not say so"},
    fail_point_place{"fence.marked", "predecessors are marked fenced, their streams not taken"},
    fail_point_place{"fence.here_marked", "likewise in one of the other services' databases"},
    fail_point_place{"fence.before_claim", "shards are free, and not claimed"},
    fail_point_place{"stop.draining", "an end was asked for, requests are still served"},
    fail_point_place{"stop.drained", "requests are answered, the actors still work"},
    fail_point_place{"stop.bridge_ended", "consumers have left, the journals still run"},
    fail_point_place{"stop.node_ended", "all actors have ended, the incarnation has not"},
    fail_point_place{"stop.signed_off", "the incarnation has ended, the process has not"},
    fail_point_place{"shard.before_command", "a shard has a command for one of its orders", true},
    fail_point_place{"order.before_step", "an order has a command and decides nothing yet", true},
    fail_point_place{"reader.before_load", "orders are asked for, the database is not", true},
    fail_point_place{"inventory.before_effect", "events are consumed, no stock has moved", true},
    fail_point_place{"inbox.before_command", "an event is read, its order does not know it", true},
    fail_point_place{"inbox.before_keeping", "an event is to be kept, and is not yet", true},
    fail_point_place{"bridge.before_hand_out", "records have come, no service has them", true}};

/// A name from the list; any other does not compile.
class fail_point_name {
public:
  template <size_t N>
  consteval fail_point_name(const char (&name)[N]) : index(index_of({name, N - 1})) {}

  const size_t index;

private:
  static consteval size_t index_of(std::string_view name) {
    for (size_t i = 0; i < fail_points.size(); ++i)
      if (fail_points[i].name == name)
        return i;
    throw "there is no such fail point";
  }
};

namespace detail {
extern std::atomic<bool> armed;
void pass_armed(size_t index, std::string_view order);
} // namespace detail

/// For what has to be prepared before a place can be passed.
inline bool fail_points_armed() {
  return detail::armed.load(std::memory_order_relaxed);
}

/// Marks the place. `order`: who passes, where it is one order.
inline void fail_point(fail_point_name at, std::string_view order = {}) {
  if (fail_points_armed())
    detail::pass_armed(at.index, order);
}

/// What is wrong with a value of TROUPE_FAIL_POINTS; empty: nothing.
std::string check_fail_points(std::string_view text);

/// Arms what `text` names, instead of what was armed before, and warns of it in the log. Passings
/// are counted from now on. `text` has been checked. Call before the threads that pass any start.
void arm_fail_points(std::string_view text);

} // namespace troupe
