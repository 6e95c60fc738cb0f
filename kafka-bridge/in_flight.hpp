#pragma once
// The events that a producer has taken and not yet told of, oldest first. Pure bookkeeping; the
// producer guards it with its lock.

#include "kafka-bridge/codec.hpp"

#include <array>
#include <cstdint>
#include <list>
#include <string>

namespace troupe::kafka {

/// Where an event that was taken is.
enum class place : uint8_t {
  handed,  ///< with librdkafka, until its report
  waiting, ///< to be handed over (again)
  suspect, ///< refused for good in a batch with others: tried alone before it is given up
  alone    ///< a suspect on its way by itself
};
constexpr size_t place_count = 4;

/// An event in flight. librdkafka holds its address and points into its value, so it stays where
/// it is until its report.
struct pending {
  event what;
  header_list headers;
  uint64_t token = 0;
  size_t bytes = 0; ///< of key, value and headers
  place where = place::waiting;
  std::list<pending>::iterator self;
};

class in_flight_list {
public:
  /// Bytes that `e` will count for.
  static size_t weight(const event& e, const header_list& headers);

  pending& add(const event& e, header_list headers, uint64_t token);
  void erase(pending& p);
  void move_to(pending& p, place where);
  /// All of them wait again: nobody holds their addresses any more.
  void all_wait();
  /// The oldest that is there, or null.
  pending* first(place where);

  size_t count(place where) const { return placed_[static_cast<size_t>(where)]; }
  size_t size() const { return events_.size(); }
  bool empty() const { return events_.empty(); }
  size_t bytes() const { return bytes_; }
  std::list<pending>& events() { return events_; }

private:
  std::list<pending> events_;
  std::array<size_t, place_count> placed_{};
  size_t bytes_ = 0;
};

} // namespace troupe::kafka
