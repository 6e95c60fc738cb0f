#pragma once
// Who this process is: an incarnation, and the predecessors of the same name that it ends.
// Leases and fencing between living nodes build on the same tables.
// Source: "Streams and fencing" in docs/protocols.md.

#include <cstdint>
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

/// Takes all free shards and those of fenced incarnations for `incarnation`; returns how many it
/// owns. One statement a shard is what several nodes need; here one node takes them all.
int claim_shards(const std::string& orders_conninfo, int64_t incarnation);

/// A clean end: gives the shards back and marks the incarnation as fenced, so that a successor
/// waits for nothing.
void end_incarnation(const std::string& orders_conninfo, int64_t incarnation);

} // namespace troupe
