#include "actors/emailing_worker.hpp"

#include "actors/ending.hpp"
#include "actors/notices.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

void emailing_worker_state::start(self_ptr self, std::unique_ptr<emailing_store> store,
                                  notification_observer* observer) {
  self_ = self;
  store_ = std::move(store);
  observer_ = observer;
}

caf::result<consumed> emailing_worker_state::take(const incoming_event& e) {
  auto read = notice_of(e);
  if (auto* bad = std::get_if<bad_event>(&read))
    return consumed{consumed::kind::poison, bad->why};
  auto reply = self_->make_response_promise<consumed>();
  notices_.push_back(std::move(std::get<notice>(read)));
  replies_.push_back(reply);
  if (!std::exchange(flushing_, true))
    self_->send(self_, flush_atom::value);
  return reply;
}

void emailing_worker_state::flush() {
  flushing_ = false;
  while (!notices_.empty()) {
    auto count = static_cast<std::ptrdiff_t>(std::min(notices_.size(), max_batch));
    std::vector<notice> notices(notices_.begin(), notices_.begin() + count);
    notices_.erase(notices_.begin(), notices_.begin() + count);
    auto answers = apply(notices);
    for (size_t i = 0; i < answers.size(); ++i)
      replies_[i].deliver(std::move(answers[i]));
    replies_.erase(replies_.begin(), replies_.begin() + count);
  }
}

std::vector<consumed> emailing_worker_state::apply(const std::vector<notice>& notices) {
  std::vector<consumed> answers(notices.size());
  try {
    fail_point("emailing.before_effect");
    auto outcome = store_->apply(notices);
    if (observer_ != nullptr)
      observer_->added(outcome.added);
    fail_point("emailing.before_offset");
    for (auto& bad : outcome.rejected)
      answers[bad.index] = {consumed::kind::poison, std::move(bad.error)};
  } catch (const store_error& e) {
    log::warn("emailing.store_failed", {{"error", e.what()}});
    answers.assign(notices.size(), {consumed::kind::unavailable, {}});
  }
  return answers;
}

void emailing_worker_state::abandon(const caf::error& why) {
  for (auto& reply : std::exchange(replies_, {}))
    reply.deliver(why);
  notices_.clear();
}

emailing_worker::behavior_type
emailing_worker_behavior(emailing_worker_state::self_ptr self,
                         const std::shared_ptr<std::unique_ptr<emailing_store>>& store,
                         notification_observer* observer) {
  self->state.start(self, std::move(*store), observer);
  before_ending(self, [self] { self->state.abandon(make_fault(fault::unavailable)); });
  return {
      [self](const incoming_event& e) { return self->state.take(e); },
      [self](flush_atom) { self->state.flush(); },
  };
}

} // namespace troupe
