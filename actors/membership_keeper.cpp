#include "actors/membership_keeper.hpp"

#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <utility>

namespace troupe {

namespace {

constexpr std::chrono::seconds renewal_interval{1};

} // namespace

fence_sweeper::behavior_type
fence_sweeper_behavior(fence_sweeper::stateful_pointer<fence_sweeper_state> self, fence_task task) {
  auto sweep = [self, task = std::move(task)] {
    try {
      task.carry_out();
    } catch (const store_error& e) {
      log::warn("fence.waits", {{"database", task.database}, {"error", e.what()}});
      if (!std::exchange(self->state.waiting, true))
        self->delayed_send(self, renewal_interval, tick_atom::value);
    }
  };
  return {[sweep](flush_atom) { sweep(); },
          [self, sweep](tick_atom) {
            self->state.waiting = false;
            sweep();
          }};
}

void membership_keeper_state::start(self_ptr self, std::unique_ptr<membership> session,
                                    std::shared_ptr<lease> mine,
                                    std::vector<fence_sweeper> sweepers, metrics& count,
                                    health_board* board) {
  self_ = self;
  session_ = std::move(session);
  lease_ = std::move(mine);
  sweepers_ = std::move(sweepers);
  board_ = board;
  owned_gauge_ = &count.gauge("troupe_shards_owned", "Shards that this node owns.");
  missed_count_
      = &count.counter("troupe_lease_renewals_missed_total", "Renewals of the lease that failed.");
  fence_count_ = &count.counter("troupe_fences_total", "Peers that this node has fenced.");
  self_->send(self_, tick_atom::value);
}

void membership_keeper_state::tick() {
  self_->delayed_send(self_, renewal_interval, tick_atom::value);
  const auto sent = std::chrono::steady_clock::now();
  try {
    renewed(session_->renew(), sent);
  } catch (const store_error& e) {
    missed(e);
  }
}

void membership_keeper_state::renewed(const membership_view& seen, monotonic sent) {
  if (seen.fenced)
    return step_down();
  if (std::exchange(missing_, false))
    log::info("lease.renewed");
  tenure_.renewed(sent);
  lease_->extend(tenure_.serves_until());
  fence(seen.expired);
  if (seen.unfinished || std::exchange(fences_, seen.fences) != seen.fences)
    for (const auto& each : sweepers_)
      self_->send(each, flush_atom::value);
  if (seen.shards_free == 0)
    return now_owns(seen.shards_owned);
  fail_point("fence.before_claim");
  now_owns(session_->claim());
}

void membership_keeper_state::missed(const store_error& why) {
  tenure_.missed();
  missed_count_->Increment();
  if (!std::exchange(missing_, true))
    log::warn("lease.not_renewed", {{"error", why.what()}});
  if (lease_->now() == standing::lease_over)
    show(health::down, "the lease is over and could not be renewed");
}

/// The node ends with this actor, and comes back as a new incarnation.
void membership_keeper_state::step_down() {
  log::error("node.fenced", {{"kind", std::string(name)}});
  lease_->extend({});
  self_->quit(make_fault(fault::unavailable, std::string(fenced_detail)));
}

void membership_keeper_state::fence(const std::vector<int64_t>& expired) {
  if (!tenure_.may_fence(std::chrono::steady_clock::now()))
    return;
  for (auto peer : expired) {
    if (!session_->fence(peer))
      continue;
    log::warn("node.fences", {{"incarnation", peer}, {"reason", "its lease is over"}});
    fence_count_->Increment();
    fences_ = -1; // the sweepers are told below
  }
}

void membership_keeper_state::now_owns(int shards) {
  lease_->owns_shards(shards > 0);
  owned_gauge_->Set(shards);
  if (std::exchange(owned_, shards) != shards)
    log::info("shards.owned", {{"shards", shards}});
  if (shards > 0)
    show(health::up, "");
  else
    show(health::down, "standby: another node owns the shards");
}

void membership_keeper_state::show(health state, std::string detail) {
  if (board_)
    board_->set("order", "shards", {state, std::move(detail)});
}

membership_keeper::behavior_type
membership_keeper_behavior(membership_keeper_state::self_ptr self,
                           const std::shared_ptr<std::unique_ptr<membership>>& session,
                           std::shared_ptr<lease> mine, std::vector<fence_sweeper> sweepers,
                           metrics* count, health_board* board) {
  self->state.start(self, std::move(*session), std::move(mine), std::move(sweepers), *count, board);
  return {[self](tick_atom) { self->state.tick(); }};
}

} // namespace troupe
