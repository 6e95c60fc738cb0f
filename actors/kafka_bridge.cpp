#include "actors/kafka_bridge.hpp"

#include "domain/event_values.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <future>
#include <utility>

namespace troupe {

namespace {

/// For parked events and dead letters: the order that a record speaks of, as far as it says so.
std::string order_of(const incoming_event& e) {
  auto read = read_event(e);
  if (const auto* value = std::get_if<event_value>(&read))
    return value->order_id;
  return valid_id(e.key) ? e.key : std::string();
}

} // namespace

void bridge_state::start(self_ptr self, const publisher_maker& make_publisher,
                         consumer_maker make_consumer, bridge_options options, metrics& count) {
  self_ = self;
  options_ = options;
  make_consumer_ = std::move(make_consumer);
  publish_failed_ = &count.counter("troupe_events_refused_total",
                                   "Events that Kafka refused for good; they stay in the journal.");
  // Kafka's threads only ever post into the mailbox.
  auto me = caf::actor_cast<bridge_actor>(self);
  publisher_ = make_publisher(
      {[me](std::vector<uint64_t> tokens) { caf::anon_send(me, std::move(tokens)); },
       [me](uint64_t token, std::string error) { caf::anon_send(me, token, std::move(error)); }});
}

void bridge_state::consume(const std::vector<consuming_service>& services) {
  auto me = caf::actor_cast<bridge_actor>(self_);
  for (const auto& s : services) {
    auto& source = of(s.of);
    source.to = s;
    source.consumer = make_consumer_(
        s.of, [me, s = s.of](std::vector<kafka::consumed_record> records) {
          caf::anon_send(me, static_cast<int32_t>(s),
                         std::make_shared<std::vector<kafka::consumed_record>>(std::move(records)));
        });
  }
}

void bridge_state::publish(publication&& p) {
  if (!p.owner && waiting_.size() >= options_.max_repeats_waiting)
    return; // a repeat: the order's next deadline, or the record's next copy, asks for it again
  for (auto& e : p.events)
    waiting_.push_back({std::move(e), p.owner});
  publish_waiting();
}

void bridge_state::publish_waiting() {
  while (publisher_ && !waiting_.empty()) {
    auto token = next_token_++;
    auto& next = waiting_.front();
    if (!publisher_->publish(next.event, token)) {
      if (!std::exchange(retrying_, true))
        self_->delayed_send(self_, std::chrono::milliseconds(20), tick_atom::value);
      return;
    }
    sent_[token] = {std::move(next.owner), next.event.at};
    waiting_.pop_front();
  }
}

void bridge_state::retry_publishing() {
  retrying_ = false;
  publish_waiting();
}

void bridge_state::delivered(const std::vector<uint64_t>& tokens) {
  std::map<outbox_owner, std::vector<position>> by_owner;
  for (auto token : tokens) {
    auto known = sent_.find(token);
    if (known == sent_.end())
      continue;
    if (known->second.first)
      by_owner[known->second.first].push_back(known->second.second);
    sent_.erase(known);
  }
  for (auto& [owner, rows] : by_owner)
    self_->send(owner, std::move(rows));
}

/// The row stays in the journal; its watermark moves on, or one event would hold up all others.
void bridge_state::failed(uint64_t token, const std::string& error) {
  log::error("event.refused_by_kafka", {{"error", error}});
  publish_failed_->Increment();
  delivered({token});
}

void bridge_state::records(service from, std::vector<kafka::consumed_record>& batch) {
  fail_point("bridge.before_hand_out");
  for (auto& record : batch) {
    auto r = std::make_shared<record_in_work>();
    r->of = from;
    r->record = std::move(record);
    r->first_try = self_->clock().now();
    try_record(r);
  }
}

void bridge_state::try_record(const record_ptr& r) {
  self_->request(of(r->of).to.handler, caf::infinite, r->record.what)
      .then([this, r](const consumed& what) { outcome(r, what); },
            [this, r](const caf::error& why) {
              // Who is gone, because the node was fenced or it is only being made again, has not
              // seen the record.
              if (why == caf::sec::request_receiver_down)
                outcome(r, {consumed::kind::unavailable, {}});
              else
                crashed(r);
            });
}

void bridge_state::outcome(const record_ptr& r, const consumed& what) {
  // A suspect's turn lasts until its handler really had it: while that is made again, or has no
  // database, the others wait, or they would all meet the culprit once more.
  if (what.what != consumed::kind::unavailable) {
    database_is_back(r);
    if (std::exchange(r->suspect, false))
      try_next_suspect(r->of);
  }
  switch (what.what) {
    case consumed::kind::done:
      return finished(r);
    case consumed::kind::poison:
      return bury(r, what.error);
    case consumed::kind::unavailable:
      return await_database(r);
    case consumed::kind::busy:
      if (self_->clock().now() - r->first_try < options_.record_limit)
        later(r);
      else
        park(r);
  }
}

/// The handler died on this record, or while it was at another of the same batch.
void bridge_state::crashed(const record_ptr& r) {
  database_is_back(r); // it was only being made again: whoever comes next must not stay paused
  auto& source = of(r->of);
  if (++r->crashes >= options_.crashes_to_dead_letter)
    bury(r, "its handler crashed on it");
  else
    source.suspects.push_back(r);
  if (std::exchange(r->suspect, false) || !std::exchange(source.trying_suspect, true))
    try_next_suspect(r->of);
}

void bridge_state::try_next_suspect(service s) {
  auto& source = of(s);
  source.trying_suspect = !source.suspects.empty();
  if (!source.trying_suspect)
    return;
  auto r = source.suspects.front();
  source.suspects.pop_front();
  r->suspect = true;
  r->delay.reset(); // whatever it had to wait for before: behind it many may be waiting
  self_->send(self_, r);
}

void bridge_state::later(const record_ptr& r) {
  self_->delayed_send(self_, r->delay.next(), r);
}

void bridge_state::finished(const record_ptr& r) {
  if (const auto& consumer
      = of(r->of).consumer) // else the bridge has stopped: the record comes again
    consumer->done({r->record.token});
}

void bridge_state::park(const record_ptr& r) {
  parked_event e;
  e.order_id = order_of(r->record.what);
  e.what = r->record.what;
  self_->request(of(r->of).to.inbox, caf::infinite, park_atom::value, std::move(e))
      .then([this, r](bool) { finished(r); }, [this, r](const caf::error&) { later(r); });
}

void bridge_state::bury(const record_ptr& r, const std::string& error) {
  dead_letter letter{kafka::group_of(r->of), r->record.what, order_of(r->record.what), error};
  self_->request(of(r->of).to.inbox, caf::infinite, bury_atom::value, std::move(letter))
      .then([this, r](bool) { finished(r); }, [this, r](const caf::error&) { later(r); });
}

/// Its time does not count, and the partitions rest until the first record gets through again.
void bridge_state::await_database(const record_ptr& r) {
  auto& source = of(r->of);
  if (source.unavailable++ == 0 && source.consumer)
    source.consumer->pause_all();
  r->first_try = self_->clock().now();
  later(r);
}

void bridge_state::database_is_back(const record_ptr& r) {
  auto& source = of(r->of);
  if (std::exchange(source.unavailable, 0) > 0 && source.consumer)
    source.consumer->resume_all();
}

/// Ends consuming (offsets of what is done are committed) and waits for delivery reports. Each may
/// take seconds when no broker answers, so all of it happens at once.
void bridge_state::stop() {
  std::vector<std::future<void>> ending;
  for (auto& source : sources_)
    if (source.consumer)
      ending.push_back(std::async(std::launch::async, [&c = *source.consumer] { c.stop(); }));
  if (connected() && !publisher_->flush(std::chrono::seconds(3)))
    log::warn("event.unpublished_at_stop", {{"events", publisher_->in_flight()}});
  for (auto& e : ending)
    e.wait();
  for (auto& source : sources_)
    source.consumer.reset();
  publisher_.reset();
}

bridge_actor::behavior_type bridge_behavior(bridge_state::self_ptr self,
                                            const publisher_maker& make_publisher,
                                            consumer_maker make_consumer, bridge_options options,
                                            metrics* count) {
  self->state.start(self, make_publisher, std::move(make_consumer), options, *count);
  self->set_exit_handler([self](caf::exit_msg& m) {
    self->state.stop();
    // Behind the last delivery reports, which are in the mailbox by now.
    self->send(self, rest_atom::value, m.reason);
  });
  return {
      [self](publication& p) { self->state.publish(std::move(p)); },
      [self](const std::vector<uint64_t>& tokens) { self->state.delivered(tokens); },
      [self](uint64_t token, const std::string& error) { self->state.failed(token, error); },
      [self](int32_t of, const consumed_batch& batch) {
        self->state.records(static_cast<service>(of), *batch);
      },
      [self](const record_ptr& r) { self->state.try_record(r); },
      [self](tick_atom) { self->state.retry_publishing(); },
      [self](rest_atom, const caf::error& why) { self->quit(why); },
      [self](flush_atom, const std::vector<consuming_service>& services) {
        self->state.consume(services);
      },
      [self](ping_atom) { return self->state.connected(); },
  };
}

} // namespace troupe
