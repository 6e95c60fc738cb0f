#include "actors/membership_keeper.hpp"

#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr std::chrono::milliseconds renewal_interval{1000};
constexpr std::chrono::milliseconds tick_interval{200}; ///< of renewals, while shards lack an owner
/// For the orders of one shard to end what they are at; the journal may wait for its database.
constexpr std::chrono::seconds give_limit{5};

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
                                    keeper_parts parts) {
  self_ = self;
  session_ = std::move(session);
  parts_ = std::move(parts);
  auto& count = *parts_.count;
  owned_gauge_ = &count.gauge("troupe_shards_owned", "Shards that this node owns.");
  member_gauge_ = &count.gauge("troupe_cluster_members", "Nodes whose lease is not over.");
  missed_count_
      = &count.counter("troupe_lease_renewals_missed_total", "Renewals of the lease that failed.");
  fence_count_ = &count.counter("troupe_fences_total", "Peers that this node has fenced.");
  claim_count_ = &count.counter("troupe_shards_claimed_total", "Free shards that were taken.");
  give_count_ = &count.counter("troupe_shards_given_total", "Shards given to another node.");
  tick();
}

void membership_keeper_state::tick() {
  self_->delayed_send(self_, tick_interval, tick_atom::value);
  if (hurried() || self_->clock().now() >= next_look_)
    look();
}

/// Somebody waits for shards that have no owner who lives.
bool membership_keeper_state::hurried() const {
  return !missing_ && (!lost_.empty() || unfinished_ || !doubtful_.empty() || leaving_);
}

void membership_keeper_state::look() {
  next_look_ = self_->clock().now() + renewal_interval;
  const auto sent = self_->clock().now();
  // The lease is asked by the process's own clock, also where a test moves the actors'.
  const auto serves_until = std::chrono::steady_clock::now() + lease_length;
  try {
    const auto seen = session_->renew();
    if (!seen.fenced)
      parts_.mine->extend(serves_until);
    renewed(seen, sent);
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
  seen_ = seen.cluster;
  unfinished_ = seen.unfinished;
  for (int32_t shard = 0; shard < shard_count; ++shard)
    learn(shard, seen_.shards.at(static_cast<size_t>(shard)).at);
  if (parts_.peers)
    self_->send(parts_.peers, peers_atom::value, seen_.members);
  fence(seen_);
  if (seen.unfinished || std::exchange(fences_, seen.fences) != seen.fences)
    for (const auto& each : parts_.sweepers)
      self_->send(each, flush_atom::value);
  const auto plan = plan_shards(seen_, parts_.shards->me());
  if (!plan.claim.empty())
    claim(plan.claim);
  if (moves_.empty() && doubtful_.empty()) {
    moves_.assign(plan.give.begin(), plan.give.end());
    if (moves_.empty() && leaving_)
      end_leaving(true);
    give_next();
  }
  show();
}

/// What the tables say of a shard. One whose transfer was in doubt is in doubt no more.
void membership_keeper_state::learn(int32_t shard, shard_place now) {
  const bool fresh = parts_.shards->learn(shard, now);
  if (doubtful_.erase(shard) > 0 || fresh)
    self_->send(parts_.region, moved_atom::value, shard, now);
}

void membership_keeper_state::missed(const store_error& why) {
  tenure_.missed();
  missed_count_->Increment();
  if (!std::exchange(missing_, true))
    log::warn("lease.not_renewed", {{"error", why.what()}});
  if (parts_.mine->now() == standing::lease_over)
    show(health::down, "the lease is over and could not be renewed");
}

/// The node ends with this actor, and comes back as a new incarnation.
void membership_keeper_state::step_down() {
  log::error("node.fenced", {{"kind", std::string(name)}});
  parts_.mine->extend({});
  end_leaving(false);
  self_->quit(make_fault(fault::unavailable, std::string(fenced_detail)));
}

void membership_keeper_state::lost(int64_t incarnation) {
  lost_.insert(incarnation);
  forget_lost_at_ = self_->clock().now() + lease_length + renewal_interval;
  look();
}

void membership_keeper_state::fence(const cluster_view& seen) {
  std::erase_if(lost_, [&](int64_t peer) { // fenced, or come to an orderly end
    return std::ranges::count(seen.members, peer, &cluster_member::incarnation) == 0;
  });
  if (self_->clock().now() >= forget_lost_at_)
    lost_.clear();
  if (!tenure_.may_fence(self_->clock().now()))
    return;
  for (const auto& [peer, silence] : suspects(seen, parts_.shards->me(), lost_)) {
    if (!session_->fence(peer, silence))
      continue;
    log::warn("node.fences", {{"incarnation", peer},
                              {"reason", silence == lease_length
                                             ? "its lease is over"
                                             : "its connection broke and it missed a renewal"}});
    fence_count_->Increment();
    fences_ = -1; // the sweepers are told below
    unfinished_ = true;
  }
}

void membership_keeper_state::claim(const std::vector<int32_t>& shards) {
  fail_point("fence.before_claim");
  std::vector<int32_t> taken;
  for (const auto& [shard, epoch] : session_->claim(shards)) {
    const shard_place now{parts_.shards->me(), epoch};
    taken.push_back(shard);
    learn(shard, now);
    tell_peers(shard, now);
  }
  if (taken.empty())
    return;
  parts_.shards->inherit(taken);
  claim_count_->Increment(static_cast<double>(taken.size()));
  log::info("shards.claimed", {{"shards", taken.size()}, {"reason", "nobody owned them"}});
}

/// The region lets go of one shard, then its row gets the new owner, then the next shard's turn.
void membership_keeper_state::give_next() {
  if (moves_.empty())
    return;
  const auto move = moves_.front();
  self_->request(parts_.region, give_limit, leave_atom::value, move.shard)
      .then([this, move](bool) { give(move, true); },
            [this, move](const caf::error&) { give(move, false); });
}

void membership_keeper_state::give(const shard_move& move, bool drained) {
  moves_.pop_front();
  const auto here = parts_.shards->of(move.shard);
  try {
    const auto epoch = drained ? session_->give(move) : std::nullopt;
    if (epoch) {
      const shard_place now{move.to, *epoch};
      learn(move.shard, now);
      tell_peers(move.shard, now);
      give_count_->Increment();
      log::info("shard.given", {{"shard", move.shard}, {"to", move.to}, {"epoch", *epoch}});
    } else {
      self_->send(parts_.region, moved_atom::value, move.shard, here);
    }
  } catch (const store_error& e) { // the tables say it at the next renewal
    log::warn("shard.not_given", {{"shard", move.shard}, {"error", e.what()}});
    doubtful_.insert(move.shard);
    moves_.clear();
    return;
  }
  if (!moves_.empty())
    return give_next();
  show();
  if (leaving_)
    look();
}

/// The new owner is told by the region, ahead of what waited here.
void membership_keeper_state::tell_peers(int32_t shard, shard_place now) {
  if (!parts_.peers)
    return;
  for (const auto& m : seen_.members)
    if (m.incarnation != parts_.shards->me() && m.incarnation != now.owner)
      self_->send(parts_.peers, moved_atom::value, m.incarnation, shard, now);
}

caf::result<bool> membership_keeper_state::leave() {
  auto reply = self_->make_response_promise<bool>();
  leavers_.push_back(reply);
  leaving_ = true;
  try {
    session_->leave();
  } catch (const store_error& e) {
    log::warn("node.cannot_leave", {{"error", e.what()}});
    end_leaving(false);
    return reply;
  }
  look();
  return reply;
}

void membership_keeper_state::end_leaving(bool done) {
  for (auto& reply : std::exchange(leavers_, {}))
    reply.deliver(done);
}

cluster_state membership_keeper_state::view() const {
  return {parts_.shards->me(), seen_.members, parts_.shards->all()};
}

/// A node of a cluster serves all shards, through their owners; one alone only its own.
void membership_keeper_state::show() {
  const auto owned = static_cast<int>(parts_.shards->owned().size());
  int orphaned = 0;
  for (const auto& place : parts_.shards->all())
    if (std::ranges::none_of(seen_.members, [&](const cluster_member& m) {
          return m.incarnation == place.owner && m.lives;
        }))
      ++orphaned;
  member_gauge_->Set(
      static_cast<double>(std::ranges::count(seen_.members, true, &cluster_member::lives)));
  if (static_cast<int>(owned_gauge_->Value()) != owned)
    log::info("shards.owned", {{"shards", owned}});
  owned_gauge_->Set(owned);
  parts_.mine->owns_shards(owned > 0 || parts_.peers);
  if (!parts_.peers && owned == 0)
    return show(health::down, "standby: another node owns the shards");
  if (orphaned > 0)
    return show(health::down, std::to_string(orphaned) + " shards have no owner who lives");
  show(health::up, "");
}

void membership_keeper_state::show(health state, std::string detail) {
  if (parts_.board)
    parts_.board->set("order", "shards", {state, std::move(detail)});
}

membership_keeper::behavior_type
membership_keeper_behavior(membership_keeper_state::self_ptr self,
                           const std::shared_ptr<std::unique_ptr<membership>>& session,
                           keeper_parts parts) {
  auto& state = self->state;
  state.start(self, std::move(*session), std::move(parts));
  return {[&state](tick_atom) { state.tick(); }, [&state](leave_atom) { return state.leave(); },
          [&state](lost_atom, int64_t peer) { state.lost(peer); },
          [&state](view_atom) { return state.view(); }};
}

} // namespace troupe
