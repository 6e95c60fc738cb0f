#pragma once
// Where the admin handles what one service could not apply: lists it, hands it to the service's
// consumer once more, discards it. Natural keys make sure that a record that is handed over again
// has no second effect; replays of one letter at the same time share one hand-over. What came of it
// is kept with the key of each, so that a repeat gets its first answer. Blocks in its
// session, so production detaches it; behind a `letter_router`.
// Source: "/dead-letters" in docs/api.md.

#include "actors/interfaces.hpp"
#include "telemetry/metrics.hpp"

#include <map>

namespace troupe {

struct letter_desk_options {
  service of = service::order;
  /// The service itself parks what is too early, when it is handed over, and takes it out of the
  /// parked ones when it is applied.
  bool parks_itself = false;
};

class letter_desk_state {
public:
  using self_ptr = letters_actor::stateful_pointer<letter_desk_state>;
  static inline const char* name = "letter_desk";

  void start(self_ptr self, std::unique_ptr<letters> store, event_handler handler,
             letter_desk_options options, metrics& count);
  caf::result<letter_page> list(const letter_filter& by);
  caf::result<replay_answer> replay(replay_request&& asked);
  caf::result<bool> discard(const letter_id& id, const std::string& by);
  /// Answers all that wait for a replay.
  void abandon();

private:
  /// Who waits for a replay.
  struct waiter {
    replay_request asked;
    caf::typed_response_promise<replay_answer> reply;
  };

  const idempotency* in_progress(const replay_request& asked) const;
  void hand_over(const letter& l);
  void handed_over(const letter& l, const consumed& what);
  replay_outcome outcome_of_done(const letter& l);
  caf::expected<replay_answer> settle(const replay_request& asked, const replay_outcome& outcome);
  std::vector<waiter> take_waiting(const letter_id& id);
  void failed(const letter_id& id, const caf::error& why);
  void tell(const letter& l, const replay_outcome& outcome);

  self_ptr self_ = nullptr;
  std::unique_ptr<letters> store_;
  event_handler handler_;
  letter_desk_options options_;
  std::map<letter_id, std::vector<waiter>> replaying_; ///< the first one had it handed over
  prometheus::Counter *applied_ = nullptr, *failed_ = nullptr;
};

/// `handler`: the service's own consumer.
letters_actor::behavior_type
letter_desk_behavior(letter_desk_state::self_ptr self,
                     const std::shared_ptr<std::unique_ptr<letters>>& store, event_handler handler,
                     letter_desk_options options, metrics* count);

} // namespace troupe
