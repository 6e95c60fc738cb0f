#pragma once
// Makes steps of many orders durable as one transaction (group commit), on one session.
// Blocking: only detached actors call it. One contract test runs on the real one and its fake.
// Source: "Group commit" in docs/protocols.md, and the tried batch.sql.

#include "domain/lifecycle.hpp"
#include "domain/order.hpp"
#include "persistence/idempotency.hpp"
#include "persistence/store_error.hpp"
#include "persistence/stream_log.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// One order's step, written as a whole or not at all.
struct write_set {
  /// Creation (`current.version` 0): the draft with id, user, lines, total and address. Otherwise
  /// the order as it was when the step was decided; only its id and version matter then.
  order current;
  order_step step;
  std::optional<idempotency> key;
};

enum class commit_outcome {
  committed, ///< durable at `at`
  conflict,  ///< the order is at another version: reload, decide again
  duplicate, ///< creation: the key (see `earlier`) or the order id is taken
  failed     ///< cannot be written; nothing was
};

/// What an idempotency key was used for before.
struct earlier_use {
  std::string order_id;
  int32_t version = 0;
  std::string body_hash;
  bool operator==(const earlier_use&) const = default;
};

struct commit_result {
  commit_outcome outcome = commit_outcome::failed;
  position at = 0;                    ///< committed, and `step.advances`
  timestamp time{};                   ///< committed: the server's clock, as in the row
  std::vector<outgoing_event> events; ///< committed: to be published now
  std::optional<earlier_use> earlier; ///< duplicate by key
};

class order_store {
public:
  virtual ~order_store() = default;

  /// Opens the session with a new stream. Idempotent while it is up. Throws `wait` or `fenced`.
  virtual void connect() = 0;
  virtual bool connected() const = 0;

  /// Commits `sets` (at most one an order) in their order; one result a set. A set that is bad in
  /// itself fails alone. Throws `lost`, `wait` (nothing written) or `fenced`. After `lost`, call
  /// `connect` and then `settle` with the same sets before anything else.
  virtual std::vector<commit_result> commit(std::span<const write_set> sets) = 0;

  /// What became of the sets whose `commit` threw `lost`: final, since the old session's lock is
  /// taken first. `committed` as in commit; `failed`: certainly not written, may be tried again.
  virtual std::vector<commit_result> settle(std::span<const write_set> sets) = 0;

  virtual stream_log& log() = 0;
};

/// `conninfo`: libpq connection string of the orders database. `incarnation`: of this process.
/// `key_life`: then an idempotency key is free again.
std::unique_ptr<order_store> make_order_store(std::string conninfo, int64_t incarnation,
                                              std::chrono::seconds key_life = default_key_life);

} // namespace troupe
