#pragma once
// What a service could not apply, as the admin handles it: listed, replayed, discarded. The tables
// are those of inbox.hpp. Blocking.
// Source: "/dead-letters" in docs/api.md.

#include "domain/event.hpp"
#include "domain/letter_id.hpp"
#include "persistence/idempotency.hpp"
#include "persistence/store_error.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// A dead letter or a parked event.
struct letter {
  letter_id id;
  std::string consumer; ///< consumer group
  incoming_event what;
  std::string order_id; ///< empty when unknown
  std::string error;
  timestamp created_at{};
  bool replayed = false; ///< a replay was applied: nothing is left to do
};

/// A place in the list of one state: newest first, then by service, then the highest number first.
struct letter_place {
  timestamp created_at{};
  letter_id id;
};

/// `more`: there are older ones.
struct letter_page {
  std::vector<letter> rows;
  bool more = false;
};

/// What came of a replay; `error` says why it was not applied.
struct replay_outcome {
  bool applied = false;
  std::string error;
};

/// What a replay's key stands for since its first use.
struct earlier_replay {
  std::string body_hash;
  replay_outcome outcome;
};

/// A page ends early, but never empty, when its values have so many bytes.
constexpr size_t max_letter_page_bytes = 4U << 20U;

class letters {
public:
  virtual ~letters() = default;

  /// Those that nobody has settled, at most `limit`, behind `after` (which may be another
  /// service's).
  virtual letter_page list(letter_state state, int limit, const std::optional<letter_place>& after)
      = 0;
  /// Nothing once it is discarded, or is no longer parked.
  virtual std::optional<letter> find(const letter_id& id) = 0;

  /// A key's first use; nothing when it is free.
  virtual std::optional<earlier_replay> earlier(const idempotency& key) = 0;
  /// Keeps what came of a replay, in one transaction: an applied one marks a dead letter and
  /// removes a parked event, and `key` stands for this outcome from now on. Returns the key's use
  /// when somebody else was faster; the letter is marked all the same. `by`: a user id.
  virtual std::optional<earlier_replay> settle(const letter_id& id, const replay_outcome& outcome,
                                               const std::string& by,
                                               const std::optional<idempotency>& key)
      = 0;
  /// Ends its waiting and keeps the trace of it; false: there is none. What is settled stays so.
  virtual bool discard(const letter_id& id, const std::string& by) = 0;
};

/// Of one service's database. `consumer`: the service's consumer group. `key_life`: how long keys
/// are known.
std::unique_ptr<letters> make_letters(std::string conninfo, service of, std::string consumer,
                                      std::chrono::seconds key_life = default_key_life);

} // namespace troupe
