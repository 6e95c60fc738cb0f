#include "actors/order_sweeper.hpp"

#include "telemetry/log.hpp"

namespace troupe {

void order_sweeper_state::start(self_ptr self, std::unique_ptr<order_queries> queries,
                                order_door orders, std::shared_ptr<const lease> mine,
                                std::shared_ptr<shard_directory> shards, sweeper_options options,
                                metrics& count) {
  self_ = self;
  queries_ = std::move(queries);
  orders_ = std::move(orders);
  lease_ = std::move(mine);
  shards_ = std::move(shards);
  options_ = options;
  for (int s = 0; s < order_status_count; ++s)
    gauges_.push_back(
        &count.gauge("troupe_orders_overdue", "Orders past their deadline, by state.",
                     {{"state", std::string(to_string(static_cast<order_status>(s)))}}));
  self_->send(self_, tick_atom::value);
}

void order_sweeper_state::tick() {
  self_->delayed_send(self_, options_.interval, tick_atom::value);
  const auto mine = shards_->owned();
  if (lease_->now() != standing::owner || mine.empty())
    return show({}); // the owner's watchdog counts them
  try {
    recover();
    auto overdue = queries_->overdue(mine, options_.batch, told_);
    tell(overdue);
    const bool more = overdue.size() == static_cast<size_t>(options_.batch);
    told_ = more ? std::move(overdue.back()) : overdue_order{};
    if (!shards_->leads())
      return show({});
    count_overdue();
    queries_->fold_figures();
  } catch (const store_error& e) {
    log::debug("orders.sweep_failed", {{"error", e.what()}});
  }
}

void order_sweeper_state::recover() {
  const auto inherited = shards_->take_inherited();
  if (inherited.empty())
    return;
  try {
    tell(queries_->unsettled_payments(inherited, options_.batch));
  } catch (const store_error&) {
    shards_->inherit(inherited);
    throw;
  }
}

void order_sweeper_state::tell(const std::vector<overdue_order>& overdue) {
  for (const auto& o : overdue) {
    order_request request;
    request.order_id = o.id;
    request.command.verb = order_verb::deadline;
    request.command.version = o.version;
    self_->request(orders_, caf::infinite, std::move(request))
        .then([](const order_answer&) {},
              [](const caf::error&) { /* the next round tells again */ });
  }
}

void order_sweeper_state::count_overdue() {
  auto now = self_->clock().now();
  if (now < next_count_)
    return;
  next_count_ = now + options_.watchdog;
  show(queries_->count_overdue());
}

void order_sweeper_state::show(const std::array<int64_t, order_status_count>& overdue) {
  for (size_t s = 0; s < overdue.size(); ++s)
    gauges_[s]->Set(static_cast<double>(overdue[s]));
}

order_sweeper_actor::behavior_type
order_sweeper_behavior(order_sweeper_state::self_ptr self,
                       const std::shared_ptr<std::unique_ptr<order_queries>>& queries,
                       order_door orders, std::shared_ptr<const lease> mine,
                       std::shared_ptr<shard_directory> shards, sweeper_options options,
                       metrics* count) {
  self->state.start(self, std::move(*queries), std::move(orders), std::move(mine),
                    std::move(shards), options, *count);
  return {[self](tick_atom) { self->state.tick(); }};
}

} // namespace troupe
