#include "actors/order_region.hpp"

#include "telemetry/log.hpp"

namespace troupe {

void order_region_state::start(self_ptr self, order_context_ptr context, shard_options options,
                               metrics& count) {
  self_ = self;
  context_ = std::move(context);
  options_ = options;
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
  const auto& shard = shards_[static_cast<size_t>(shard_of(order_id))];
  return {shard ? fault::none : fault::unavailable, shard}; // null: it is being made again
}

caf::result<order> order_region_state::view_from_store(const std::string& id,
                                                       const std::string& user) {
  auto reply = self_->make_response_promise<order>();
  self_->request(context_->reader, caf::infinite, view_atom::value, id)
      .then(
          [reply, user](const loaded_order& found) mutable {
            if (found && (user.empty() || user == found->user_id))
              reply.deliver(*found);
            else
              reply.deliver(make_fault(fault::not_found));
          },
          [reply](const caf::error&) mutable { reply.deliver(make_fault(fault::unavailable)); });
  return reply;
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
  self_->quit(why);
}

order_region_actor::behavior_type order_region_behavior(order_region_state::self_ptr self,
                                                        order_context_ptr context,
                                                        shard_options options, metrics* count) {
  self->state.start(self, std::move(context), options, *count);
  self->set_down_handler([self](caf::down_msg& m) { self->state.down(m); });
  self->set_exit_handler([self](caf::exit_msg& m) { self->state.stop(m.reason); });
  return {
      [self](view_atom, std::string& id, std::string& user) -> caf::result<order> {
        const auto way = self->state.to(id);
        if (way.refused == fault::not_owner)
          return self->state.view_from_store(id, user);
        if (way.shard)
          return self->delegate(way.shard, view_atom::value, std::move(id), std::move(user));
        return make_fault(way.refused);
      },
      [self](order_request& r) -> caf::result<order_answer> {
        const auto way = self->state.to(r.order_id);
        if (way.shard)
          return self->delegate(way.shard, std::move(r));
        return make_fault(way.refused);
      },
      [self](create_request& r) -> caf::result<create_answer> {
        const auto way = self->state.to(r.draft.id);
        if (way.shard)
          return self->delegate(way.shard, std::move(r));
        return make_fault(way.refused);
      },
      [self](diagnose_atom, std::string& id) -> caf::result<presence> {
        const auto way = self->state.to(id);
        if (way.shard)
          return self->delegate(way.shard, diagnose_atom::value, std::move(id));
        return presence::elsewhere;
      },
      [self](again_atom, int32_t shard) { self->state.spawn_shard(shard); },
  };
}

} // namespace troupe
