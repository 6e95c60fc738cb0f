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

caf::result<replay_answer> letter_desk_state::replay(const letter_id& id, const std::string& by) {
  try {
    const auto found = store_->find(id);
    if (!found)
      return make_fault(fault::not_found);
    if (found->replayed)
      return replay_answer{true, {}};
    auto reply = self_->make_response_promise<replay_answer>();
    auto& waiting = replaying_[id];
    waiting.push_back(reply);
    if (waiting.size() == 1)
      hand_over(*found, by);
    return reply;
  } catch (const store_error& e) {
    return out_of_reach(e);
  }
}

void letter_desk_state::hand_over(const letter& l, const std::string& by) {
  self_->request(handler_, caf::infinite, l.what)
      .then([this, l, by](const consumed& outcome) { handed_over(l, by, outcome); },
            [this, l, by](const caf::error&) {
              handed_over(l, by, {consumed::kind::poison, "its handler crashed on it"});
            });
}

void letter_desk_state::handed_over(const letter& l, const std::string& by,
                                    const consumed& outcome) {
  switch (outcome.what) {
    case consumed::kind::busy:
      return failed(l.id, make_fault(fault::busy, outcome.error));
    case consumed::kind::unavailable:
      return failed(l.id, make_fault(fault::unavailable));
    case consumed::kind::poison:
      return tell(l, by, {false, outcome.error});
    case consumed::kind::done:
      break;
  }
  try {
    tell(l, by, mark(l, by));
  } catch (const store_error& e) { // applied, and the next replay says so
    failed(l.id, out_of_reach(e));
  }
}

/// The record is done with. What a service has parked again is not applied.
replay_answer letter_desk_state::mark(const letter& l, const std::string& by) {
  if (l.id.state == letter_state::parked && options_.parks_itself) {
    if (store_->find(l.id))
      return {false, l.error};
    return {true, {}};
  }
  store_->applied(l.id, by);
  return {true, {}};
}

std::vector<letter_desk_state::promise> letter_desk_state::take_waiting(const letter_id& id) {
  return std::move(replaying_.extract(id).mapped());
}

void letter_desk_state::failed(const letter_id& id, const caf::error& why) {
  for (auto& reply : take_waiting(id))
    reply.deliver(why);
}

void letter_desk_state::tell(const letter& l, const std::string& by, const replay_answer& answer) {
  (answer.applied ? applied_ : failed_)->Increment();
  log::info("letter.replayed", {{"letter", to_string(l.id)},
                                {"by", by},
                                {"outcome", answer.applied ? "applied" : "failed"},
                                {"error", answer.error}});
  for (auto& reply : take_waiting(l.id))
    reply.deliver(answer);
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
  for (auto& [id, replies] : std::exchange(replaying_, {}))
    for (auto& reply : replies)
      reply.deliver(make_fault(fault::unavailable));
}

letters_actor::behavior_type
letter_desk_behavior(letter_desk_state::self_ptr self,
                     const std::shared_ptr<std::unique_ptr<letters>>& store, event_handler handler,
                     letter_desk_options options, metrics* count) {
  self->state.start(self, std::move(*store), std::move(handler), options, *count);
  before_ending(self, [self] { self->state.abandon(); });
  return {
      [self](list_atom, const letter_filter& by) { return self->state.list(by); },
      [self](replay_atom, const letter_id& id, const std::string& by) {
        return self->state.replay(id, by);
      },
      [self](discard_atom, const letter_id& id, const std::string& by) {
        return self->state.discard(id, by);
      },
  };
}

} // namespace troupe
