#pragma once
// Keeps what a service could not apply: dead letters for the admin, parked events for later, which
// it tries again on a sweep. One a service, behind a router; blocks in its session, so production
// detaches it.
// Source: "Consuming" in docs/protocols.md.

#include "actors/interfaces.hpp"
#include "telemetry/metrics.hpp"

#include <set>

namespace troupe {

using inbox_keeper = inbox_actor::extend<caf::reacts_to<tick_atom>>;

struct inbox_options {
  std::chrono::milliseconds sweep{5000};
  int batch = 200;
  /// Inventory and emailing drain what they park in the transaction that makes it possible; the
  /// others' parked events are tried again by the sweep.
  bool retries = true;
};

class inbox_keeper_state {
public:
  using self_ptr = inbox_keeper::stateful_pointer<inbox_keeper_state>;
  static inline const char* name = "inbox_keeper";

  void start(self_ptr self, service of, std::unique_ptr<inbox> store, event_handler handler,
             inbox_options options, metrics& count);
  caf::result<bool> park(parked_event&& e);
  caf::result<bool> bury(dead_letter&& letter);
  bool ping();
  void sweep();

private:
  void try_parked_again();
  void try_again(const parked_event& e);
  bool keep(const dead_letter& letter);
  void settled(const parked_event& e, const consumed& outcome);

  self_ptr self_ = nullptr;
  service of_ = service::order;
  std::unique_ptr<inbox> store_;
  event_handler handler_;
  inbox_options options_;
  int64_t after_ = 0;        ///< the sweep's place among the parked
  std::set<int64_t> trying_; ///< parked events that the handler has not answered yet
  prometheus::Gauge* parked_ = nullptr;
  prometheus::Gauge *open_ = nullptr, *replayed_ = nullptr, *discarded_ = nullptr; ///< dead letters
  prometheus::Counter* buried_ = nullptr;
};

/// `handler`: the service's own consumer, which gets parked events again.
inbox_keeper::behavior_type
inbox_keeper_behavior(inbox_keeper_state::self_ptr self, service of,
                      const std::shared_ptr<std::unique_ptr<inbox>>& store, event_handler handler,
                      inbox_options options, metrics* count);

} // namespace troupe
