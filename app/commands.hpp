#pragma once
// The subcommands of `troupe`. Each returns the process's exit code and has logged what went wrong.

#include "app/config.hpp"

#include <chrono>

namespace troupe {

/// Serves until SIGINT or SIGTERM, then ends in order. 0: ended in order.
int serve(const config& c);

/// Brings the configured databases to the newest schemas. Throws a `store_error` that names the
/// database: `failed` when no waiting mends it.
void bring_up_to_date(const config& c);

/// The same as a subcommand; with `seed`, also a catalogue, once.
int migrate_databases(const config& c, bool seed);

/// Runs the payment gateway simulator alone until SIGINT or SIGTERM. `trouble`: it can be told to
/// fail, by anybody who reaches it.
int run_gateway_simulator(const config& c, bool trouble);

/// Looks for broken promises in all databases and prints what it finds, read-only. 0: nothing,
/// 1: something, 2: it could not look. `quiesced`: nothing is under way, so more must hold.
/// `patience`: how long it looks again while it finds something; an ending signal cuts it short.
int run_audit(const config& c, bool quiesced, std::chrono::seconds patience = {});

} // namespace troupe
