#pragma once
// Who this process is: an incarnation with a lease, the predecessors of the same name that it
// ends, and the peers whose lease is over.
// Source: "Streams and fencing" in docs/protocols.md.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// Registers a new incarnation of `name` in the orders database, and fences every earlier one of
/// that name there: marks it, ends the sessions that hold its streams' locks and takes the locks.
/// Call only after the node's port was bound. Returns the incarnation. Throws `store_error`.
int64_t begin_incarnation(const std::string& orders_conninfo, const std::string& name,
                          const std::string& endpoint);

/// Makes `incarnation` known to another service's database, and fences there what is fenced in
/// orders (`fenced`, from `fenced_incarnations`).
void join_database(const std::string& conninfo, int64_t incarnation,
                   std::span<const int64_t> fenced);

/// Every fenced incarnation, from the orders database.
std::vector<int64_t> fenced_incarnations(const std::string& orders_conninfo);

/// Carries out the fences that are marked in the orders database: ends the sessions that hold
/// their streams' locks and takes the locks. Returns when it is certain that nothing more comes
/// from any fenced incarnation there. Throws `store_error`.
void complete_fences(const std::string& orders_conninfo);

/// A clean end: marks the incarnation as fenced, so that nobody waits for its lease. Its shards are
/// free once `complete_fences` has made certain that no session of it is left.
void end_incarnation(const std::string& orders_conninfo, int64_t incarnation);

/// What a renewal shows of the others, all at one moment of PostgreSQL's clock.
struct membership_view {
  bool fenced = false;          ///< this incarnation is: its lease was not renewed
  int shards_owned = 0;         ///< by this incarnation
  int shards_free = 0;          ///< without an owner, or of one whose fence is complete
  std::vector<int64_t> expired; ///< others, not fenced, whose lease is over
  int64_t fences = 0;           ///< how many incarnations are fenced
  bool unfinished = false;      ///< a fence is marked, and streams of it are not closed yet
};

/// One node's place among the others: a session with the orders database. Blocking; one thread at
/// a time. All throw `store_error`; a later call reconnects.
class membership {
public:
  virtual ~membership() = default;

  /// Lengthens the own lease to `lease_length` from now, unless fenced, and looks around.
  virtual membership_view renew() = 0;

  /// Marks `incarnation` as fenced if its lease is still over. False: it has renewed it, or is
  /// gone already. `complete_fences` carries it out.
  virtual bool fence(int64_t incarnation) = 0;

  /// Takes every free shard, in one statement: of several that claim, one gets all. Returns how
  /// many shards this incarnation owns now; none when it is fenced.
  virtual int claim() = 0;
};

std::unique_ptr<membership> make_membership(std::string orders_conninfo, int64_t incarnation);

} // namespace troupe
