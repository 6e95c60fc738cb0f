#include "actors/inventory_worker.hpp"

#include "actors/ending.hpp"
#include "domain/event_values.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe {

namespace {

constexpr std::chrono::milliseconds stock_tick{200};
constexpr int ticks_between_adoptions = 25;

std::optional<stock_verb> stock_verb_of(std::string_view topic) {
  if (topic == topic::order_created)
    return stock_verb::order_created;
  if (topic == topic::payment_success)
    return stock_verb::payment_success;
  if (topic == topic::order_cancelled)
    return stock_verb::order_cancelled;
  return std::nullopt;
}

} // namespace

void inventory_worker_state::start(self_ptr self, std::unique_ptr<inventory_store> store,
                                   const publisher_actor& publisher) {
  self_ = self;
  store_ = std::move(store);
  outbox_ = std::make_unique<outbox>(
      store_->log(), caf::actor_cast<outbox_owner>(self),
      [self, publisher](publication p) { self->send(publisher, std::move(p)); });
  self_->send(self_, tick_atom::value);
}

caf::result<consumed> inventory_worker_state::take(incoming_event&& e) {
  auto verb = stock_verb_of(e.topic);
  if (!verb)
    return consumed{consumed::kind::poison, "not a topic of the inventory service"};
  auto read = read_event(e);
  if (auto* bad = std::get_if<bad_event>(&read))
    return consumed{consumed::kind::poison, bad->why};
  auto& value = std::get<event_value>(read);
  auto reply = self_->make_response_promise<consumed>();
  inputs_.push_back({*verb, value.order_id, std::move(value.lines), std::move(e)});
  replies_.push_back(reply);
  if (!std::exchange(flushing_, true))
    self_->send(self_, flush_atom::value);
  return reply;
}

void inventory_worker_state::flush() {
  flushing_ = false;
  while (!inputs_.empty()) {
    auto count = static_cast<std::ptrdiff_t>(std::min(inputs_.size(), max_batch));
    std::vector<stock_input> inputs(std::make_move_iterator(inputs_.begin()),
                                    std::make_move_iterator(inputs_.begin() + count));
    inputs_.erase(inputs_.begin(), inputs_.begin() + count);
    auto answers = apply(inputs);
    for (size_t i = 0; i < answers.size(); ++i)
      replies_[i].deliver(std::move(answers[i]));
    replies_.erase(replies_.begin(), replies_.begin() + count);
  }
}

/// A broken connection needs no settling here: the records come again, and natural keys make a
/// repeat publish the stored answers.
std::vector<consumed> inventory_worker_state::apply(const std::vector<stock_input>& inputs) {
  std::vector<consumed> answers(inputs.size());
  try {
    store_->connect();
    fail_point("inventory.before_effect");
    auto results = store_->apply(inputs);
    fail_point("inventory.before_offset");
    std::vector<stock_result::answer> events;
    for (auto& r : results)
      std::ranges::move(r.events, std::back_inserter(events));
    publish(events);
    for (size_t i = 0; i < results.size(); ++i)
      if (results[i].what == stock_result::kind::impossible)
        answers[i] = {consumed::kind::poison, std::move(results[i].error)};
  } catch (const store_error& e) {
    log::warn("inventory.store_failed", {{"error", e.what()}});
    answers.assign(inputs.size(), {consumed::kind::unavailable, {}});
    step_down_if_fenced(e);
  }
  return answers;
}

void inventory_worker_state::step_down_if_fenced(const store_error& e) {
  if (e.kind == store_failure::fenced)
    self_->quit(make_fault(fault::unavailable, std::string(fenced_detail)));
}

void inventory_worker_state::publish(std::vector<stock_result::answer>& events) {
  std::vector<outgoing_event> fresh, stored;
  for (auto& answer : events)
    (answer.fresh ? fresh : stored).push_back(std::move(answer.event));
  std::sort(fresh.begin(), fresh.end(), [](const auto& a, const auto& b) {
    return std::pair(a.at, a.index) < std::pair(b.at, b.index);
  });
  outbox_->committed(std::move(fresh));
  outbox_->again(std::move(stored));
}

caf::result<product_answer> inventory_worker_state::edit(const product_edit& e) {
  using kind = edited_product::kind;
  try {
    store_->connect();
    auto done = store_->edit(e);
    publish(done.events);
    switch (done.what) {
      case kind::written:
      case kind::repeated:
        return product_answer{std::move(done.now), done.what == kind::repeated};
      case kind::unknown:
        return make_fault(fault::not_found);
      case kind::taken:
        return make_fault(fault::id_taken);
      case kind::moved_on:
        return make_fault(fault::moved_on);
      case kind::key_reused:
        break;
    }
    return make_fault(fault::key_reused);
  } catch (const store_error& error) {
    step_down_if_fenced(error);
    log::warn("inventory.edit_failed", {{"error", error.what()}});
    return make_fault(fault::unavailable);
  }
}

void inventory_worker_state::tick() {
  self_->delayed_send(self_, stock_tick, tick_atom::value);
  try {
    if (ticks_++ % ticks_between_adoptions == 0) {
      store_->connect();
      outbox_->adopt_orphans();
    }
  } catch (const store_error& e) {
    log::debug("inventory.tick_failed", {{"error", e.what()}});
  }
  move_watermark();
}

void inventory_worker_state::move_watermark() {
  try {
    if (outbox_->dirty() && store_->connected())
      outbox_->tick();
  } catch (const store_error& e) {
    log::debug("inventory.watermark_failed", {{"error", e.what()}});
  }
}

void inventory_worker_state::abandon(const caf::error& why) {
  for (auto& reply : std::exchange(replies_, {}))
    reply.deliver(why);
  inputs_.clear();
}

inventory_worker::behavior_type
inventory_worker_behavior(inventory_worker_state::self_ptr self,
                          const std::shared_ptr<std::unique_ptr<inventory_store>>& store,
                          const publisher_actor& publisher) {
  self->state.start(self, std::move(*store), publisher);
  before_ending(self, [self] {
    self->state.abandon(make_fault(fault::unavailable));
    self->state.move_watermark();
  });
  return {
      [self](incoming_event& e) { return self->state.take(std::move(e)); },
      [self](edit_atom, const product_edit& e) { return self->state.edit(e); },
      [self](flush_atom) { self->state.flush(); },
      [self](tick_atom) { self->state.tick(); },
      [self](const std::vector<position>& rows) { self->state.delivered(rows); },
  };
}

} // namespace troupe
