#pragma once
// What a consuming service could not apply: parked events wait beside their order, dead letters
// wait for the admin (letters.hpp). Both tables exist in every service's database. Blocking.
// Source: "Consuming" in docs/protocols.md.

#include "domain/event.hpp"
#include "persistence/store_error.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe {

struct dead_letter {
  std::string consumer; ///< consumer group
  incoming_event what;
  std::string order_id; ///< empty when unknown
  std::string error;
};

/// How many dead letters there are: waiting for the admin, and settled by them.
struct dead_letter_counts {
  int64_t open = 0, replayed = 0, discarded = 0;
};

struct parked_event {
  int64_t id = 0;
  std::string order_id;
  incoming_event what;
};

class inbox {
public:
  virtual ~inbox() = default;

  /// Keeps what cannot be applied; once by consumer, topic, partition, offset and digest of the
  /// bytes. Returns how many are new.
  virtual int bury(const std::vector<dead_letter>& letters) = 0;

  /// Keeps events beside their orders; once by (source, id).
  virtual void park(const std::vector<parked_event>& events) = 0;
  /// Parked events, oldest first, at most `limit`, with id above `after`.
  virtual std::vector<parked_event> parked(int64_t after, int limit) = 0;
  virtual void unpark(const std::vector<int64_t>& ids) = 0;

  /// For the gauges.
  virtual int64_t count_parked() = 0;
  virtual dead_letter_counts count_dead() = 0;

  /// One round trip, for readiness.
  virtual void ping() = 0;
};

std::unique_ptr<inbox> make_inbox(std::string conninfo);

} // namespace troupe
