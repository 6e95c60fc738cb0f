#pragma once
// Who this process is: an incarnation with a lease, the predecessors of the same name that it
// ends, and the peers whose lease is over.
// Source: "Streams and fencing" in docs/protocols.md.

#include "domain/cluster.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// How a node presents itself to the others.
struct node_card {
  std::string name;
  std::string endpoint; ///< where it serves, for people
  std::string address
      = {}; ///< "host:port" of its cluster gate; empty: it takes no part in a cluster
};

/// Registers a new incarnation of `node` in the orders database, and fences every earlier one of
/// that name there: marks it, ends the sessions that hold its streams' locks and takes the locks.
/// One whose name has started before within a minute joins the cluster later, the more often the
/// later: a node that flaps moves no shards. Call only after the node's port was bound. Returns the
/// incarnation. Throws `store_error`.
int64_t begin_incarnation(const std::string& orders_conninfo, const node_card& node);

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
  bool fenced = false; ///< this incarnation is: its lease was not renewed
  cluster_view cluster;
  int64_t fences = 0;      ///< how many incarnations are fenced
  bool unfinished = false; ///< a fence is marked, and streams of it are not closed yet
};

/// One node's place among the others: a session with the orders database. Blocking; one thread at
/// a time. All throw `store_error`; a later call reconnects.
class membership {
public:
  virtual ~membership() = default;

  /// Lengthens the own lease to `lease_length` from now, unless fenced, and looks around.
  virtual membership_view renew() = 0;

  /// Marks `incarnation` as fenced if its lease has been renewed for the last time `silence` ago or
  /// more; `lease_length`: if its lease is over. False: it has renewed it, or is gone already.
  /// `complete_fences` carries it out.
  virtual bool fence(int64_t incarnation, std::chrono::milliseconds silence) = 0;

  /// Takes those of `shards` that are free, in one statement: of several that claim one, one gets
  /// it. Returns what was taken; nothing when this incarnation is fenced.
  struct claimed {
    int32_t shard = 0;
    int64_t epoch = 0;
    bool operator==(const claimed&) const = default;
  };
  virtual std::vector<claimed> claim(std::span<const int32_t> shards) = 0;

  /// Makes `move.to` the owner of a shard of this incarnation's. Returns the new epoch; none: it is
  /// not ours, or `move.to` is fenced. Call only when nothing of the shard is being written here.
  virtual std::optional<int64_t> give(const shard_move& move) = 0;

  /// Says that this incarnation gives its shards away and wants no others.
  virtual void leave() = 0;
};

std::unique_ptr<membership> make_membership(std::string orders_conninfo, int64_t incarnation);

} // namespace troupe
