#include "actors/order_region.hpp"

#include "actors/ending.hpp"
#include "telemetry/log.hpp"

#include <tuple>
#include <utility>

namespace troupe {

namespace {

/// Another try may find the order's owner.
bool may_pass(const caf::error& why) {
  const auto f = fault_of(why);
  return f == fault::not_owner || f == fault::unavailable;
}

} // namespace

/// A message whose shard is not here: kept until it is answered, as it may be asked again.
template <class Answer, class... Message>
struct order_region_state::errand {
  using answer = Answer;
  std::string id;
  clock_time until{};
  caf::typed_response_promise<Answer> reply;
  std::tuple<Message...> message;
};

void order_region_state::start(self_ptr self, order_context_ptr context, shard_options options,
                               region_options limits, metrics& count) {
  self_ = self;
  context_ = std::move(context);
  options_ = options;
  limits_ = limits;
  count_ = std::make_shared<shard_metrics>(count);
  delays_.assign(shard_count, restart_delay(std::chrono::seconds(10)));
  for (int32_t shard = 0; shard < shard_count; ++shard)
    spawn_shard(shard);
}

order_region_state::way order_region_state::to(const std::string& order_id) const {
  switch (context_->mine->now()) {
    case standing::lease_over:
      return {fault::unavailable, {}};
    case standing::standby:
      return {fault::not_owner, {}};
    case standing::owner:
      break;
  }
  const auto shard = shard_of(order_id);
  if (leaving_.contains(shard))
    return {};
  const auto owner = context_->shards->of(shard).owner;
  if (owner != context_->shards->me())
    return {context_->peers ? fault::none : fault::not_owner, {}, owner};
  const auto& here = shards_[static_cast<size_t>(shard)];
  return {here ? fault::none : fault::unavailable, here}; // null: it is being made again
}

template <class Answer, class... Message>
caf::result<Answer> order_region_state::ask(const std::string& id, Message... message) {
  const auto way = to(id);
  if (way.shard)
    return self_->delegate(way.shard, std::move(message)...);
  if (way.refused != fault::none)
    return make_fault(way.refused);
  auto reply = self_->make_response_promise<Answer>();
  run(std::make_shared<errand<Answer, Message...>>(errand<Answer, Message...>{
      id, self_->clock().now() + limits_.patience, reply, std::tuple(std::move(message)...)}));
  return reply;
}

template <class Errand>
void order_region_state::run(const std::shared_ptr<Errand>& e) {
  const auto way = to(e->id);
  auto wait_for_owner = [this, e] {
    wait({shard_of(e->id), e->until, [this, e] { run(e); },
          [e](const caf::error& why) { e->reply.deliver(why); }});
  };
  if (way.refused != fault::none) {
    e->reply.deliver(make_fault(way.refused));
    return;
  }
  if (way.shard) {
    std::apply([&](auto&... part) { e->reply.delegate(way.shard, std::move(part)...); },
               e->message);
    return;
  }
  if (way.peer == 0)
    return wait_for_owner();
  std::apply(
      [&](const auto&... part) {
        self_->request(context_->peers, caf::infinite, way.peer, part...)
            .then([e](typename Errand::answer& answer) { e->reply.deliver(std::move(answer)); },
                  [e, wait_for_owner](const caf::error& why) {
                    if (may_pass(why))
                      return wait_for_owner();
                    e->reply.deliver(why);
                  });
      },
      e->message);
}

void order_region_state::wait(waiter who) {
  if (self_->clock().now() >= who.until)
    return who.fail(make_fault(fault::unavailable));
  if (line_.size() >= limits_.waiting)
    return who.fail(make_fault(fault::busy));
  line_.push_back(std::move(who));
  if (!std::exchange(ticking_, true))
    self_->delayed_send(self_, limits_.pause, tick_atom::value);
}

void order_region_state::ask_again() {
  ticking_ = false;
  for (auto& w : std::exchange(line_, {}))
    w.again();
}

caf::result<order> order_region_state::view(std::string&& id, std::string&& user) {
  const auto way = to(id);
  if (way.shard)
    return self_->delegate(way.shard, view_atom::value, std::move(id), std::move(user));
  if (way.refused == fault::unavailable)
    return make_fault(way.refused);
  if (way.peer == 0)
    return self_->delegate(context_->committed, view_atom::value, std::move(id), std::move(user));
  auto reply = self_->make_response_promise<order>();
  self_->request(context_->peers, caf::infinite, way.peer, view_atom::value, id, user)
      .then([reply](order& found) mutable { reply.deliver(std::move(found)); },
            [this, id, user, reply](const caf::error& why) mutable {
              if (may_pass(why))
                reply.delegate(context_->committed, view_atom::value, id, user);
              else
                reply.deliver(why);
            });
  return reply;
}

caf::result<order_answer> order_region_state::command(order_request&& request) {
  const auto id = request.order_id;
  return ask<order_answer>(id, std::move(request));
}

caf::result<create_answer> order_region_state::create(create_request&& request) {
  const auto id = request.draft.id;
  return ask<create_answer>(id, std::move(request));
}

caf::result<presence> order_region_state::diagnose(std::string&& id) {
  const auto way = to(id);
  if (way.shard)
    return self_->delegate(way.shard, diagnose_atom::value, std::move(id));
  if (way.peer == 0)
    return presence::elsewhere;
  auto reply = self_->make_response_promise<presence>();
  self_->request(context_->peers, caf::infinite, way.peer, diagnose_atom::value, std::move(id))
      .then([reply](presence p) mutable { reply.deliver(p); },
            [reply](const caf::error&) mutable { reply.deliver(presence::elsewhere); });
  return reply;
}

caf::result<bool> order_region_state::leave(int32_t shard) {
  leaving_.insert(shard);
  const auto here = std::exchange(shards_.at(static_cast<size_t>(shard)), nullptr);
  if (!here)
    return true;
  auto reply = self_->make_response_promise<bool>();
  self_->request(here, caf::infinite, leave_atom::value, order_door(self_))
      .then(
          [this, shard, reply](bool) mutable {
            spawn_shard(shard);
            reply.deliver(true);
          },
          [this, shard, reply](const caf::error& why) mutable {
            spawn_shard(shard);
            reply.deliver(why); // it died of something, and what it had in flight may be written
          });
  return reply;
}

/// The new owner hears of it ahead of what waited here. News may overtake each other.
void order_region_state::moved(int32_t shard, shard_place now) {
  if (now.epoch < context_->shards->of(shard).epoch)
    return;
  context_->shards->learn(shard, now);
  const bool from_here = leaving_.erase(shard) > 0;
  if (from_here && now.owner != context_->shards->me() && context_->peers)
    self_->send(context_->peers, moved_atom::value, now.owner, shard, now);
  std::list<waiter> due;
  for (auto it = line_.begin(); it != line_.end();)
    if (const auto next = std::next(it); it->shard == shard) {
      due.splice(due.end(), line_, it);
      it = next;
    } else {
      it = next;
    }
  for (auto& w : due)
    w.again();
}

void order_region_state::spawn_shard(int32_t shard) {
  auto made = self_->system().spawn(order_shard_behavior, context_, options_, count_);
  self_->monitor(made);
  shards_[static_cast<size_t>(shard)] = made;
}

void order_region_state::down(const caf::down_msg& gone) {
  for (int32_t shard = 0; shard < shard_count; ++shard) {
    auto& known = shards_[static_cast<size_t>(shard)];
    if (!known || known.id() != gone.source.id())
      continue;
    log::error("shard.crashed", {{"shard", shard}});
    known = nullptr;
    self_->delayed_send(self_, delays_[static_cast<size_t>(shard)].next(self_->clock().now()),
                        again_atom::value, shard);
  }
}

void order_region_state::stop(const caf::error& why) {
  for (auto& shard : shards_)
    if (shard)
      self_->send_exit(shard, caf::exit_reason::user_shutdown);
  for (auto& w : std::exchange(line_, {}))
    w.fail(make_fault(fault::unavailable));
  self_->quit(why);
}

order_region_actor::behavior_type order_region_behavior(order_region_state::self_ptr self,
                                                        order_context_ptr context,
                                                        shard_options options,
                                                        region_options limits, metrics* count) {
  auto& state = self->state;
  state.start(self, std::move(context), options, limits, *count);
  self->set_down_handler([&state](caf::down_msg& m) { state.down(m); });
  self->set_exit_handler([&state](caf::exit_msg& m) { state.stop(m.reason); });
  return {
      [&state](view_atom, std::string& id, std::string& user) {
        return state.view(std::move(id), std::move(user));
      },
      [&state](order_request& r) { return state.command(std::move(r)); },
      [&state](create_request& r) { return state.create(std::move(r)); },
      [&state](diagnose_atom, std::string& id) { return state.diagnose(std::move(id)); },
      [&state](again_atom, int32_t shard) { state.spawn_shard(shard); },
      [&state](leave_atom, int32_t shard) { return state.leave(shard); },
      [&state](tick_atom) { state.ask_again(); },
      [&state](local_atom, view_atom, const std::string& id, const std::string& user) {
        return state.ask_here<order>(id, view_atom::value, id, user);
      },
      [&state](local_atom, order_request& r) {
        const auto id = r.order_id;
        return state.ask_here<order_answer>(id, std::move(r));
      },
      [&state](local_atom, create_request& r) {
        const auto id = r.draft.id;
        return state.ask_here<create_answer>(id, std::move(r));
      },
      [&state](local_atom, diagnose_atom, const std::string& id) {
        return state.ask_here<presence>(id, diagnose_atom::value, id);
      },
      [&state](moved_atom, int32_t shard, shard_place now) { state.moved(shard, now); },
  };
}

} // namespace troupe
