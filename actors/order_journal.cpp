#include "actors/order_journal.hpp"

#include "actors/ending.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace troupe {

namespace {

/// Roughly what a set weighs in the batch's statement.
size_t size_of(const write_set& set) {
  size_t bytes = 512 + set.current.shipping_address.size() + set.current.lines.size() * 200;
  for (const auto& e : set.step.events)
    bytes += e.value.size();
  return bytes;
}

} // namespace

void journal_state::start(self_ptr self, std::unique_ptr<order_store> store,
                          const publisher_actor& publisher, journal_options options,
                          metrics& count) {
  self_ = self;
  store_ = std::move(store);
  options_ = options;
  auto owner = caf::actor_cast<outbox_owner>(self);
  outbox_ = std::make_unique<outbox>(
      store_->log(), owner,
      [self, publisher](publication p) { self->send(publisher, std::move(p)); }, options.outbox);
  batch_size_ = &count.histogram("troupe_journal_batch_size", "Write sets of one commit.",
                                 {1, 2, 4, 8, 16, 32, 64, 128, 256});
  committed_ = &count.counter("troupe_journal_committed_total", "Write sets committed.");
  self_->delayed_send(self_, options_.tick, tick_atom::value);
}

caf::result<commit_result> journal_state::submit(write_set&& set) {
  if (line_.size() >= options_.waiting)
    return make_fault(fault::busy);
  auto reply = self_->make_response_promise<commit_result>();
  line_.push_back({std::move(set), reply});
  schedule_flush();
  return reply;
}

void journal_state::schedule_flush(std::chrono::milliseconds delay) {
  if (std::exchange(flushing_, true))
    return;
  if (delay.count() == 0)
    self_->send(self_, flush_atom::value); // behind what is in the mailbox: it gathers
  else
    self_->delayed_send(self_, delay, flush_atom::value);
}

void journal_state::flush() {
  flushing_ = false;
  try {
    store_->connect();
    settle();
    commit_gathered();
    delay_.reset();
  } catch (const store_error& e) {
    return failed(e);
  }
  if (!line_.empty())
    schedule_flush();
}

/// What became of a batch whose connection broke. What was certainly not written is tried again:
/// its guard still holds, or it conflicts.
void journal_state::settle() {
  if (!unsettled_)
    return;
  auto results = store_->settle(sets_);
  log::info("journal.settled", {{"committed", std::ranges::count(results, commit_outcome::committed,
                                                                 &commit_result::outcome)},
                                {"of", results.size()}});
  unsettled_ = false;
  next_sweep_ = {}; // the old stream is an orphan now: its events go out at the next tick
  for (size_t i = sets_.size(); i-- > 0;)
    if (results[i].outcome == commit_outcome::failed)
      return_to_line(i);
    else // its events are published from the old stream, which is now an orphan
      replies_[i].deliver(std::move(results[i]));
  clear_batch();
}

void journal_state::commit_gathered() {
  sets_.reserve(options_.batch); // `gather` keeps views into it
  gather();
  if (sets_.empty())
    return;
  batch_size_->Observe(static_cast<double>(sets_.size()));
  fail_point("journal.before_commit");
  auto results = store_->commit(sets_);
  fail_point("journal.after_commit");
  std::vector<outgoing_event> events;
  for (auto& r : results)
    std::move(r.events.begin(), r.events.end(), std::back_inserter(events));
  std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) {
    return std::pair(a.at, a.index) < std::pair(b.at, b.index);
  });
  outbox_->committed(std::move(events));
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i].outcome == commit_outcome::committed)
      committed_->Increment();
    replies_[i].deliver(std::move(results[i]));
  }
  clear_batch();
}

/// Takes the next batch from the line: bounded, and at most one set an order.
void journal_state::gather() {
  std::unordered_set<std::string_view> orders;
  size_t bytes = 0;
  while (!line_.empty() && sets_.size() < options_.batch && bytes < options_.batch_bytes) {
    auto& next = line_.front();
    if (orders.contains(next.set.current.id))
      return;
    bytes += size_of(next.set);
    sets_.push_back(std::move(next.set));
    replies_.push_back(next.reply);
    orders.insert(sets_.back().current.id);
    line_.pop_front();
  }
}

void journal_state::return_to_line(size_t i) {
  line_.push_front({std::move(sets_[i]), replies_[i]});
}

void journal_state::clear_batch() {
  sets_.clear();
  replies_.clear();
}

void journal_state::failed(const store_error& e) {
  log::warn("journal.store_failed", {{"error", e.what()}, {"waiting", line_.size()}});
  if (e.kind == store_failure::fenced || e.kind == store_failure::failed) {
    abandon(make_fault(fault::unavailable));
    return self_->quit(e.kind == store_failure::fenced
                           ? make_fault(fault::unavailable, std::string(fenced_detail))
                           : make_fault(fault::internal, "the journal's store failed"));
  }
  if (e.kind == store_failure::lost && !sets_.empty())
    unsettled_ = true;
  if (!unsettled_) { // nothing was written
    for (size_t i = sets_.size(); i-- > 0;)
      return_to_line(i);
    clear_batch();
  }
  schedule_flush(delay_.next());
}

void journal_state::tick() {
  self_->delayed_send(self_, options_.tick, tick_atom::value);
  auto now = self_->clock().now();
  try {
    if (now >= next_sweep_) {
      next_sweep_ = now + options_.sweep;
      store_->connect();
      if (!unsettled_) // a settled stream is an orphan like any other
        outbox_->adopt_orphans();
    }
  } catch (const store_error& e) {
    log::debug("journal.tick_failed", {{"error", e.what()}});
  }
  move_watermark();
}

void journal_state::move_watermark() {
  try {
    if (outbox_->dirty() && store_->connected())
      outbox_->tick();
  } catch (const store_error& e) {
    log::debug("journal.watermark_failed", {{"error", e.what()}});
  }
}

void journal_state::delivered(const std::vector<position>& rows) {
  outbox_->delivered(rows);
}

void journal_state::abandon(const caf::error& why) {
  for (auto& reply : replies_)
    reply.deliver(why);
  for (auto& p : line_)
    p.reply.deliver(why);
  clear_batch();
  line_.clear();
}

journal_worker::behavior_type
journal_behavior(journal_state::self_ptr self,
                 const std::shared_ptr<std::unique_ptr<order_store>>& store,
                 const publisher_actor& publisher, journal_options options, metrics* count) {
  self->state.start(self, std::move(*store), publisher, options, *count);
  before_ending(self, [self] {
    self->state.abandon(make_fault(fault::unavailable));
    self->state.move_watermark();
  });
  return {
      [self](write_set& s) { return self->state.submit(std::move(s)); },
      [self](flush_atom) { self->state.flush(); },
      [self](tick_atom) { self->state.tick(); },
      [self](const std::vector<position>& rows) { self->state.delivered(rows); },
  };
}

journal_router::behavior_type
journal_router_behavior(journal_router::stateful_pointer<journal_router_state> self, size_t size,
                        crew<journal_worker, journal_router>::maker make) {
  self->state.workers.start(self, "order_journal", size, std::move(make));
  self->set_down_handler([self](caf::down_msg& m) { self->state.workers.down(m); });
  self->set_exit_handler([self](caf::exit_msg& m) {
    self->state.workers.stop();
    self->quit(m.reason);
  });
  return {
      [self](write_set& s) -> caf::result<commit_result> {
        if (const auto& worker = self->state.workers.of(s.current.id))
          return self->delegate(worker, std::move(s));
        return make_fault(fault::busy);
      },
      [self](tick_atom) { self->state.workers.mend(); },
  };
}

} // namespace troupe
