#include "actors/inbox_keeper.hpp"

#include "actors/ending.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

namespace troupe {

void inbox_keeper_state::start(self_ptr self, service of, std::unique_ptr<inbox> store,
                               event_handler handler, inbox_options options, metrics& count) {
  self_ = self;
  of_ = of;
  store_ = std::move(store);
  handler_ = std::move(handler);
  options_ = options;
  metrics::labels label{{"service", std::string(to_string(of))}};
  parked_ = &count.gauge("troupe_parked_events", "Events that wait for their order.", label);
  auto letters = [&](const char* state) {
    return &count.gauge("troupe_dead_letters", "Records that could not be applied, by state.",
                        {{"service", std::string(to_string(of))}, {"state", state}});
  };
  open_ = letters("open");
  replayed_ = letters("replayed");
  discarded_ = letters("discarded");
  buried_ = &count.counter("troupe_dead_letters_total",
                           "Records that turned out not to be applicable.", label);
  self_->send(self_, tick_atom::value);
}

caf::result<bool> inbox_keeper_state::park(parked_event&& e) {
  fail_point("inbox.before_keeping");
  try {
    store_->park({std::move(e)});
    return true;
  } catch (const store_error& error) {
    log::warn("inbox.park_failed", {{"error", error.what()}});
    return make_fault(fault::unavailable);
  }
}

caf::result<bool> inbox_keeper_state::bury(dead_letter&& letter) {
  fail_point("inbox.before_keeping");
  if (keep(letter))
    return true;
  return make_fault(fault::unavailable);
}

/// False: the database did not take it.
bool inbox_keeper_state::keep(const dead_letter& letter) {
  try {
    if (store_->bury({letter}) == 0)
      return true; // known
    buried_->Increment();
    log::error("event.dead_letter", {{"service", to_string(of_)},
                                     {"topic", letter.what.topic},
                                     {"partition", letter.what.partition},
                                     {"offset", letter.what.offset},
                                     {"order", letter.order_id},
                                     {"error", letter.error}});
    return true;
  } catch (const store_error& error) {
    log::warn("inbox.bury_failed", {{"error", error.what()}});
    return false;
  }
}

bool inbox_keeper_state::ping() {
  try {
    store_->ping();
    return true;
  } catch (const store_error&) {
    return false;
  }
}

void inbox_keeper_state::sweep() {
  self_->delayed_send(self_, options_.sweep, tick_atom::value);
  try {
    if (options_.retries)
      try_parked_again();
    parked_->Set(static_cast<double>(store_->count_parked()));
    const auto dead = store_->count_dead();
    open_->Set(static_cast<double>(dead.open));
    replayed_->Set(static_cast<double>(dead.replayed));
    discarded_->Set(static_cast<double>(dead.discarded));
  } catch (const store_error& error) {
    log::debug("inbox.sweep_failed", {{"error", error.what()}});
  }
}

void inbox_keeper_state::try_parked_again() {
  auto events = store_->parked(after_, options_.batch);
  after_ = events.size() < static_cast<size_t>(options_.batch) ? 0 : events.back().id;
  for (const auto& e : events)
    try_again(e);
}

/// Unless the handler still has it: an answer that takes longer than a sweep would have it asked
/// again and again.
void inbox_keeper_state::try_again(const parked_event& e) {
  if (!trying_.insert(e.id).second)
    return;
  self_->request(handler_, caf::infinite, e.what)
      .then([this, e](const consumed& outcome) { settled(e, outcome); },
            [this, id = e.id](const caf::error&) { trying_.erase(id); });
}

void inbox_keeper_state::settled(const parked_event& e, const consumed& outcome) {
  using kind = consumed::kind;
  trying_.erase(e.id);
  if (outcome.what == kind::busy || outcome.what == kind::unavailable)
    return;
  if (outcome.what == kind::poison
      && !keep({"troupe-" + std::string(to_string(of_)), e.what, e.order_id, outcome.error}))
    return;
  try {
    store_->unpark({e.id});
  } catch (const store_error& error) {
    log::warn("inbox.unpark_failed", {{"error", error.what()}});
  }
}

inbox_keeper::behavior_type
inbox_keeper_behavior(inbox_keeper_state::self_ptr self, service of,
                      const std::shared_ptr<std::unique_ptr<inbox>>& store, event_handler handler,
                      inbox_options options, metrics* count) {
  self->state.start(self, of, std::move(*store), std::move(handler), options, *count);
  before_ending(self, [] { /* nobody waits: it answers at once */ });
  return {
      [self](park_atom, parked_event& e) { return self->state.park(std::move(e)); },
      [self](bury_atom, dead_letter& letter) { return self->state.bury(std::move(letter)); },
      [self](ping_atom) { return self->state.ping(); },
      [self](tick_atom) { self->state.sweep(); },
  };
}

} // namespace troupe
