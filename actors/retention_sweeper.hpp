#pragma once
// Removes what is old, batch by batch with a pause between, so that nobody notices. The leading
// node does it, in every database. One a node; blocks in its sessions, so production detaches it.
// Source: "Retention" in docs/operations.md.

#include "actors/interfaces.hpp"
#include "persistence/retention.hpp"
#include "telemetry/metrics.hpp"

#include <functional>
#include <map>
#include <vector>

namespace troupe {

/// How long one kind is kept in one database. `keep` is not zero.
struct retention_task {
  old_rows what = old_rows::letters;
  service in = service::order; ///< in whose database
  std::chrono::hours keep{0};
};

struct retention_options {
  std::vector<retention_task> tasks;
  int batch = 500; ///< rows in one transaction at most
  std::chrono::milliseconds pause{200};
  std::chrono::milliseconds interval{std::chrono::minutes(10)}; ///< between sweeps
};

using retention_maker = std::function<std::unique_ptr<retention>(service)>;
using retention_sweeper = caf::typed_actor<caf::reacts_to<tick_atom>>;

class retention_sweeper_state {
public:
  using self_ptr = retention_sweeper::stateful_pointer<retention_sweeper_state>;
  static inline const char* name = "retention_sweeper";

  void start(self_ptr self, const retention_maker& make, std::function<bool()> leads,
             retention_options options, metrics& count);
  /// One batch, and when the next is due.
  void tick();

private:
  bool remove_batch(const retention_task& task);
  void end_sweep();

  self_ptr self_ = nullptr;
  std::map<service, std::unique_ptr<retention>> stores_;
  std::function<bool()> leads_;
  retention_options options_;
  std::map<old_rows, prometheus::Counter*> removed_;
  std::map<old_rows, int64_t> swept_; ///< in this sweep
  size_t next_ = 0;                   ///< the task whose turn it is
};

/// `leads`: whether this node is the one that does it now.
retention_sweeper::behavior_type
retention_sweeper_behavior(retention_sweeper_state::self_ptr self, const retention_maker& make,
                           std::function<bool()> leads, retention_options options, metrics* count);

} // namespace troupe
