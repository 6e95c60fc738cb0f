#pragma once
// Turns events into notifications and e-mails, many in one transaction, each event once. Blocks in
// its session, so production spawns it detached. Behind an `event_pool`.

#include "actors/interfaces.hpp"
#include "actors/observers.hpp"

namespace troupe {

using emailing_worker = event_handler::extend<caf::reacts_to<flush_atom>>;

class emailing_worker_state {
public:
  using self_ptr = emailing_worker::stateful_pointer<emailing_worker_state>;
  static inline const char* name = "emailing_worker";

  /// Events in one transaction at most.
  static constexpr size_t max_batch = 256;

  void start(self_ptr self, std::unique_ptr<emailing_store> store, notification_observer* observer);
  caf::result<consumed> take(const incoming_event& e);
  void flush();
  void abandon(const caf::error& why);

private:
  using promise = caf::typed_response_promise<consumed>;

  std::vector<consumed> apply(const std::vector<notice>& notices);

  self_ptr self_ = nullptr;
  std::unique_ptr<emailing_store> store_;
  notification_observer* observer_ = nullptr;
  std::vector<notice> notices_;
  std::vector<promise> replies_; ///< of what is being applied, then of `notices_`
  bool flushing_ = false;
};

/// `observer` may be null, and outlives the worker.
emailing_worker::behavior_type
emailing_worker_behavior(emailing_worker_state::self_ptr self,
                         const std::shared_ptr<std::unique_ptr<emailing_store>>& store,
                         notification_observer* observer);

} // namespace troupe
