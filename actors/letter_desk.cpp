#include "actors/letter_desk.hpp"

#include "actors/ending.hpp"
#include "telemetry/log.hpp"

#include <utility>

namespace troupe {

namespace {

caf::error out_of_reach(const store_error& e) {
  log::warn("letters.store_failed", {{"error", e.what()}});
  return make_fault(fault::unavailable);
}

/// What a key's first use got; a fault when that was with another body.
caf::expected<replay_answer> repeat(const idempotency& key, const earlier_replay& first) {
  if (first.body_hash != key.body_hash)
    return make_fault(fault::key_reused);
  return replay_answer{first.outcome, true};
}

} // namespace

void letter_desk_state::start(self_ptr self, std::unique_ptr<letters> store, event_handler handler,
                              letter_desk_options options, metrics& count) {
  self_ = self;
  store_ = std::move(store);
  handler_ = std::move(handler);
  options_ = options;
  auto replays = [&](const char* outcome) {
    return &count.counter("troupe_letter_replays_total", "Replays of letters, by outcome.",
                          {{"service", std::string(to_string(options.of))}, {"outcome", outcome}});
  };
  applied_ = replays("applied");
  failed_ = replays("failed");
}

caf::result<letter_page> letter_desk_state::list(const letter_filter& by) {
  try {
    return store_->list(by.state, by.limit, by.after);
  } catch (const store_error& e) {
    return out_of_reach(e);
  }
}

caf::result<replay_answer> letter_desk_state::replay(replay_request&& asked) {
  try {
    if (asked.key) {
      if (const auto* first = in_progress(asked))
        return make_fault(*first == *asked.key ? fault::key_in_progress : fault::key_reused);
      if (const auto earlier = store_->earlier(*asked.key))
        return repeat(*asked.key, *earlier);
    }
    const auto found = store_->find(asked.id);
    if (!found)
      return make_fault(fault::not_found);
    if (found->replayed)
      return settle(asked, {true, {}});
    auto reply = self_->make_response_promise<replay_answer>();
    auto& waiting = replaying_[asked.id];
    waiting.push_back({std::move(asked), reply});
    if (waiting.size() == 1)
      hand_over(*found);
    return reply;
  } catch (const store_error& e) {
    return out_of_reach(e);
  }
}

/// The key of `asked`, with the body that it came with, when a replay under it still runs.
const idempotency* letter_desk_state::in_progress(const replay_request& asked) const {
  const auto waiting = replaying_.find(asked.id);
  if (waiting == replaying_.end())
    return nullptr;
  for (const auto& w : waiting->second)
    if (w.asked.key && w.asked.key->scope == asked.key->scope)
      return &*w.asked.key;
  return nullptr;
}

void letter_desk_state::hand_over(const letter& l) {
  self_->request(handler_, caf::infinite, l.what)
      .then([this, l](const consumed& what) { handed_over(l, what); },
            [this, l](const caf::error&) {
              handed_over(l, {consumed::kind::poison, "its handler crashed on it"});
            });
}

void letter_desk_state::handed_over(const letter& l, const consumed& what) {
  switch (what.what) {
    case consumed::kind::busy:
      return failed(l.id, make_fault(fault::busy, what.error));
    case consumed::kind::unavailable:
      return failed(l.id, make_fault(fault::unavailable));
    case consumed::kind::poison:
      return tell(l, {false, what.error});
    case consumed::kind::done:
      break;
  }
  try {
    tell(l, outcome_of_done(l));
  } catch (const store_error& e) {
    failed(l.id, out_of_reach(e));
  }
}

/// What a service has parked again is not applied.
replay_outcome letter_desk_state::outcome_of_done(const letter& l) {
  if (l.id.state == letter_state::parked && options_.parks_itself && store_->find(l.id))
    return {false, l.error};
  return {true, {}};
}

/// Fails when the database does not take it; what is applied all the same, the next replay says.
caf::expected<replay_answer> letter_desk_state::settle(const replay_request& asked,
                                                       const replay_outcome& outcome) {
  try {
    if (const auto earlier = store_->settle(asked.id, outcome, asked.by, asked.key))
      return repeat(*asked.key, *earlier);
    return replay_answer{outcome};
  } catch (const store_error& e) {
    return out_of_reach(e);
  }
}

std::vector<letter_desk_state::waiter> letter_desk_state::take_waiting(const letter_id& id) {
  return std::move(replaying_.extract(id).mapped());
}

void letter_desk_state::failed(const letter_id& id, const caf::error& why) {
  for (auto& w : take_waiting(id))
    w.reply.deliver(why);
}

void letter_desk_state::tell(const letter& l, const replay_outcome& outcome) {
  auto waiting = take_waiting(l.id);
  (outcome.applied ? applied_ : failed_)->Increment();
  log::info("letter.replayed", {{"letter", to_string(l.id)},
                                {"by", waiting.front().asked.by},
                                {"outcome", outcome.applied ? "applied" : "failed"},
                                {"error", outcome.error}});
  for (auto& w : waiting) {
    auto answer = settle(w.asked, outcome);
    if (answer)
      w.reply.deliver(std::move(*answer));
    else
      w.reply.deliver(std::move(answer.error()));
  }
}

caf::result<bool> letter_desk_state::discard(const letter_id& id, const std::string& by) {
  try {
    if (!store_->discard(id, by))
      return make_fault(fault::not_found);
    log::info("letter.discarded", {{"letter", to_string(id)}, {"by", by}});
    return true;
  } catch (const store_error& e) {
    return out_of_reach(e);
  }
}

void letter_desk_state::abandon() {
  for (auto& [id, waiting] : std::exchange(replaying_, {}))
    for (auto& w : waiting)
      w.reply.deliver(make_fault(fault::unavailable));
}

letters_actor::behavior_type
letter_desk_behavior(letter_desk_state::self_ptr self,
                     const std::shared_ptr<std::unique_ptr<letters>>& store, event_handler handler,
                     letter_desk_options options, metrics* count) {
  self->state.start(self, std::move(*store), std::move(handler), options, *count);
  before_ending(self, [self] { self->state.abandon(); });
  return {
      [self](list_atom, const letter_filter& by) { return self->state.list(by); },
      [self](replay_atom, replay_request& asked) { return self->state.replay(std::move(asked)); },
      [self](discard_atom, const letter_id& id, const std::string& by) {
        return self->state.discard(id, by);
      },
  };
}

} // namespace troupe
