#include "actors/retention_sweeper.hpp"

#include "telemetry/log.hpp"

#include <utility>

namespace troupe {

void retention_sweeper_state::start(self_ptr self, const retention_maker& make,
                                    std::function<bool()> leads, retention_options options,
                                    metrics& count) {
  self_ = self;
  leads_ = std::move(leads);
  options_ = std::move(options);
  for (const auto& task : options_.tasks) {
    if (!stores_.contains(task.in))
      stores_[task.in] = make(task.in);
    removed_[task.what]
        = &count.counter("troupe_retention_removed_total", "Old rows removed, by kind.",
                         {{"kind", std::string(to_string(task.what))}});
  }
  if (!options_.tasks.empty())
    self_->delayed_send(self_, options_.pause, tick_atom::value);
}

void retention_sweeper_state::tick() {
  const bool mine = leads_();
  if (mine && remove_batch(options_.tasks[next_]))
    return self_->delayed_send(self_, options_.pause, tick_atom::value);
  next_ = mine ? (next_ + 1) % options_.tasks.size() : 0;
  if (next_ == 0)
    end_sweep();
  self_->delayed_send(self_, next_ == 0 ? options_.interval : options_.pause, tick_atom::value);
}

/// True: there may be more.
bool retention_sweeper_state::remove_batch(const retention_task& task) {
  try {
    const int removed = stores_.at(task.in)->remove(task.what, task.keep, options_.batch);
    removed_.at(task.what)->Increment(removed);
    swept_[task.what] += removed;
    return removed == options_.batch;
  } catch (const store_error& e) { // the next sweep meets them again
    log::debug("retention.store_failed", {{"kind", to_string(task.what)}, {"error", e.what()}});
    return false;
  }
}

void retention_sweeper_state::end_sweep() {
  for (const auto& [what, rows] : std::exchange(swept_, {}))
    if (rows > 0)
      log::info("retention.removed", {{"kind", to_string(what)}, {"rows", rows}});
}

retention_sweeper::behavior_type
retention_sweeper_behavior(retention_sweeper_state::self_ptr self, const retention_maker& make,
                           std::function<bool()> leads, retention_options options, metrics* count) {
  self->state.start(self, make, std::move(leads), std::move(options), *count);
  return {[self](tick_atom) { self->state.tick(); }};
}

} // namespace troupe
