#include "actors/order_shard.hpp"

#include "actors/ending.hpp"
#include "domain/replay.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <utility>

namespace troupe {

shard_metrics::shard_metrics(metrics& m)
    : live(m.gauge("troupe_orders_live", "Order actors in memory.")),
      restarts(m.counter("troupe_order_restarts_total", "Order actors restarted after a crash.")),
      quarantined(m.gauge("troupe_orders_quarantined", "Orders whose actor keeps crashing.")) {}

void order_shard_state::start(self_ptr self, order_context_ptr context, shard_options options,
                              std::shared_ptr<shard_metrics> count) {
  self_ = self;
  context_ = std::move(context);
  options_ = options;
  count_ = std::move(count);
  self_->delayed_send(self_, options_.idle / 2, tick_atom::value);
}

caf::result<order> order_shard_state::view(const std::string& id, const std::string& user) {
  auto* e = find_or_load(id);
  if (e->now == phase::quarantined)
    return make_fault(fault::quarantined);
  auto promise = self_->make_response_promise<order>();
  if (e->now == phase::live)
    return promise.delegate(e->actor, view_atom::value, user);
  wait(*e, {user, std::nullopt, promise, {}});
  return promise;
}

caf::result<order_answer> order_shard_state::command(order_request&& request) {
  fail_point("shard.before_command", request.order_id);
  auto* e = find_or_load(request.order_id);
  if (e->now == phase::quarantined)
    return make_fault(fault::quarantined);
  e->last_used = self_->clock().now();
  auto promise = self_->make_response_promise<order_answer>();
  if (e->now == phase::live)
    return promise.delegate(e->actor, std::move(request));
  wait(*e, {{}, std::move(request), {}, promise});
  return promise;
}

caf::result<create_answer> order_shard_state::create(create_request&& request) {
  auto id = request.draft.id;
  auto [it, fresh] = orders_.try_emplace(id);
  if (!fresh)
    return created_before(id);
  order blank;
  blank.id = id;
  spawn_order(id, it->second, std::move(blank));
  return self_->make_response_promise<create_answer>().delegate(it->second.actor,
                                                                std::move(request));
}

/// Whoever chose this id asks again: the answer to its first request was lost.
caf::result<create_answer> order_shard_state::created_before(const std::string& id) {
  auto reply = self_->make_response_promise<create_answer>();
  self_->request(order_shard_actor(self_), caf::infinite, view_atom::value, id, std::string())
      .then(
          [reply](const order& now) mutable {
            reply.deliver(create_answer{at_version(now, 1), false});
          },
          [reply](const caf::error& why) mutable { reply.deliver(why); });
  return reply;
}

presence order_shard_state::holds(const std::string& id) const {
  const auto known = orders_.find(id);
  if (known == orders_.end())
    return presence::idle;
  switch (known->second.now) {
    case phase::loading:
      return presence::loading;
    case phase::live:
      return presence::live;
    case phase::resting:
      return presence::resting;
    case phase::crashed:
      return presence::crashed;
    case phase::quarantined:
      break;
  }
  return presence::quarantined;
}

order_shard_state::entry* order_shard_state::find_or_load(const std::string& id) {
  auto [it, fresh] = orders_.try_emplace(id);
  if (fresh)
    load(id);
  return &it->second;
}

void order_shard_state::load(const std::string& id) {
  self_->request(context_->reader, caf::infinite, view_atom::value, id)
      .then([this, id](const loaded_order& found) { loaded(id, found); },
            [this, id](const caf::error&) {
              auto it = orders_.find(id);
              refuse(it->second, make_fault(fault::unavailable));
              if (worth_keeping(it->second) && !leaves()) // its crashes must not be forgotten
                return self_->delayed_send(self_, options_.first_restart, again_atom::value, id);
              forget(id);
            });
}

void order_shard_state::loaded(const std::string& id, const loaded_order& found) {
  auto it = orders_.find(id);
  auto& e = it->second;
  if (!found) {
    refuse(e, make_fault(fault::not_found));
    return forget(id);
  }
  bool only_views = std::all_of(e.line.begin(), e.line.end(),
                                [](const waiter& w) { return !w.request.has_value(); });
  if (found->live || !only_views) {
    spawn_order(id, e, *found);
    drain(e);
    if (leaves())
      let_go(id, e);
    return;
  }
  for (auto& w : e.line) // settled for good: no actor for it
    if (w.user.empty() || w.user == found->user_id)
      w.view.deliver(*found);
    else
      w.view.deliver(make_fault(fault::not_found));
  forget(id);
}

void order_shard_state::spawn_order(const std::string& id, entry& e, order initial) {
  e.actor = self_->system().spawn(order_behavior, std::move(initial), context_);
  self_->monitor(e.actor);
  ids_[e.actor.id()] = id;
  e.now = phase::live;
  e.last_used = self_->clock().now();
  count_->live.Increment();
}

void order_shard_state::wait(entry& e, waiter who) {
  if (e.line.size() < options_.max_waiting)
    e.line.push_back(std::move(who));
  else if (who.request)
    who.answer.deliver(make_fault(fault::busy));
  else
    who.view.deliver(make_fault(fault::busy));
}

void order_shard_state::drain(entry& e) {
  for (auto& w : std::exchange(e.line, {}))
    if (w.request)
      w.answer.delegate(e.actor, std::move(*w.request));
    else
      w.view.delegate(e.actor, view_atom::value, w.user);
}

void order_shard_state::refuse(entry& e, const caf::error& why) {
  for (auto& w : std::exchange(e.line, {}))
    if (w.request)
      w.answer.deliver(why);
    else
      w.view.deliver(why);
}

/// An order that crashed lately: forgetting it would restart the count.
bool order_shard_state::worth_keeping(const entry& e) const {
  return e.crashes > 0 && self_->clock().now() - e.first_crash < options_.crash_window;
}

void order_shard_state::down(const caf::down_msg& gone) {
  auto known = ids_.find(gone.source.id());
  if (known == ids_.end())
    return;
  auto id = std::move(known->second);
  ids_.erase(known);
  count_->live.Decrement();
  auto it = orders_.find(id);
  auto& e = it->second;
  e.actor = nullptr;
  if (gone.reason && leaves()) { // the next owner loads it
    refuse(e, make_fault(fault::unavailable));
    return forget(id);
  }
  if (gone.reason)
    return crashed(id, e);
  // It rests, or it found its copy stale: the next command loads it afresh.
  if (!e.line.empty() || (worth_keeping(e) && !leaves())) {
    e.now = phase::loading;
    return load(id);
  }
  forget(id);
}

void order_shard_state::crashed(const std::string& id, entry& e) {
  auto now = self_->clock().now();
  if (!worth_keeping(e)) {
    e.crashes = 0;
    e.first_crash = now;
  }
  ++e.crashes;
  log::error("order.crashed", {{"order", id}, {"crashes", e.crashes}});
  if (e.crashes >= options_.crashes_to_quarantine) {
    e.now = phase::quarantined;
    count_->quarantined.Increment();
    log::error("order.quarantined", {{"order", id}});
    return refuse(e, make_fault(fault::quarantined));
  }
  e.now = phase::crashed;
  count_->restarts.Increment();
  self_->delayed_send(self_, options_.first_restart * (1 << (e.crashes - 1)), again_atom::value,
                      id);
}

void order_shard_state::restart(const std::string& id) {
  auto it = orders_.find(id);
  if (it == orders_.end() || (it->second.now != phase::crashed && it->second.now != phase::loading))
    return;
  it->second.now = phase::loading;
  load(id);
}

void order_shard_state::passivate_idle() {
  self_->delayed_send(self_, options_.idle / 2, tick_atom::value);
  auto now = self_->clock().now();
  for (auto& [id, e] : orders_) {
    if (e.now != phase::live || now - e.last_used < options_.idle)
      continue;
    e.now = phase::resting; // commands wait here until it has answered
    self_->request(e.actor, caf::infinite, rest_atom::value)
        .then(
            [this, id = id](bool ends) {
              auto it = orders_.find(id);
              if (ends || it == orders_.end() || it->second.now != phase::resting)
                return; // its end is told by DOWN
              it->second.now = phase::live;
              it->second.last_used = self_->clock().now();
              drain(it->second);
            },
            [](const caf::error&) { /* it ended otherwise: told by DOWN */ });
  }
}

caf::result<bool> order_shard_state::leave(order_door next_owner) {
  next_owner_ = std::move(next_owner);
  left_ = self_->make_response_promise<bool>();
  auto reply = left_;
  std::vector<std::string> ids;
  ids.reserve(orders_.size());
  for (const auto& [id, e] : orders_)
    ids.push_back(id);
  for (const auto& id : ids)
    let_go(id, orders_.at(id));
  end_if_left();
  return reply;
}

/// One that is being loaded, or rests, goes once it is known what becomes of it.
void order_shard_state::let_go(const std::string& id, entry& e) {
  if (e.now == phase::crashed || e.now == phase::quarantined) {
    refuse(e, make_fault(fault::unavailable));
    if (e.now == phase::quarantined)
      count_->quarantined.Decrement();
    orders_.erase(id);
  } else if (e.now == phase::live) {
    self_->request(e.actor, caf::infinite, leave_atom::value, next_owner_)
        .then([this, id, left = e.actor.id()](bool) { gone(id, left); },
              [](const caf::error&) { /* it ended otherwise: told by DOWN */ });
  }
}

/// Its actor may stay until its charge has ended, and is nobody's then.
void order_shard_state::gone(const std::string& id, caf::actor_id left) {
  if (ids_.erase(left) == 0)
    return; // told by DOWN already
  count_->live.Decrement();
  forget(id);
}

void order_shard_state::forget(const std::string& id) {
  orders_.erase(id);
  end_if_left();
}

void order_shard_state::end_if_left() {
  if (!leaves() || !orders_.empty())
    return;
  left_.deliver(true);
  self_->quit();
}

void order_shard_state::abandon(const caf::error& why) {
  if (leaves())
    left_.deliver(why);
  for (auto& [id, e] : orders_) {
    refuse(e, why);
    if (e.now == phase::quarantined)
      count_->quarantined.Decrement();
    if (e.actor)
      self_->send_exit(e.actor, caf::exit_reason::user_shutdown);
  }
  count_->live.Decrement(static_cast<double>(ids_.size()));
  ids_.clear();
  orders_.clear();
}

order_shard_actor::behavior_type order_shard_behavior(order_shard_state::self_ptr self,
                                                      order_context_ptr context,
                                                      shard_options options,
                                                      std::shared_ptr<shard_metrics> count) {
  self->state.start(self, std::move(context), options, std::move(count));
  self->set_down_handler([self](caf::down_msg& m) { self->state.down(m); });
  before_ending(self, [self] { self->state.abandon(make_fault(fault::unavailable)); });
  return {
      [self](view_atom, const std::string& id, const std::string& user) {
        return self->state.view(id, user);
      },
      [self](order_request& r) { return self->state.command(std::move(r)); },
      [self](create_request& r) { return self->state.create(std::move(r)); },
      [self](diagnose_atom, const std::string& id) { return self->state.holds(id); },
      [self](leave_atom, order_door& door) { return self->state.leave(std::move(door)); },
      [self](tick_atom) { self->state.passivate_idle(); },
      [self](again_atom, const std::string& id) { self->state.restart(id); },
  };
}

} // namespace troupe
