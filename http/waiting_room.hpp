#pragma once
// How many clients wait for something, and for what: bounded, counted in a gauge, and known to
// whoever makes a change, so that a change that nobody waits for costs one look. Thread-safe.

#include "telemetry/metrics.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace troupe::http {

class waiting_room : public std::enable_shared_from_this<waiting_room> {
public:
  /// One waiting client's place, for as long as it lives.
  class seat {
  public:
    seat(std::shared_ptr<waiting_room> room, std::string key)
        : room_(std::move(room)), key_(std::move(key)) {}
    ~seat() { room_->leave(key_); }
    seat(const seat&) = delete;
    seat& operator=(const seat&) = delete;

  private:
    std::shared_ptr<waiting_room> room_;
    std::string key_;
  };
  using seat_ptr = std::shared_ptr<seat>;

  /// `waiting` outlives the room.
  waiting_room(int most, prometheus::Gauge& waiting) : most_(most), waiting_(waiting) {}

  /// Null: the room is full.
  seat_ptr enter(const std::string& key);
  /// Somebody waits for `key`.
  bool awaits(const std::string& key) const;

private:
  void leave(const std::string& key);

  const int most_;
  prometheus::Gauge& waiting_;
  mutable std::mutex mutex_;
  int count_ = 0;
  std::unordered_map<std::string, int> by_key_;
};

/// The room for clients of that kind, with its gauge `troupe_http_waiting{kind=}`.
std::shared_ptr<waiting_room> make_room(int most, metrics& count, const std::string& kind);

} // namespace troupe::http
