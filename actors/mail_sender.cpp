#include "actors/mail_sender.hpp"

#include "telemetry/log.hpp"

namespace troupe {

size_t mail_sender_state::send_due() {
  auto due = store->due_emails(options.batch, options.lease);
  if (due.empty())
    return 0;
  std::vector<mail> mails;
  mails.reserve(due.size());
  for (auto& e : due)
    mails.push_back({e.id + "@" + options.domain, e.user_id + "@" + options.domain,
                     std::move(e.subject), std::move(e.body)});
  const auto wrong = transport->send(mails);
  std::vector<std::string> sent, failed;
  for (size_t i = 0; i < due.size(); ++i) {
    if (!wrong[i].empty())
      log::warn("email.failed", {{"email", due[i].id}, {"error", wrong[i]}});
    (wrong[i].empty() ? sent : failed).push_back(std::move(due[i].id));
  }
  if (!sent.empty())
    store->emails_sent(sent);
  if (!failed.empty())
    store->emails_failed(failed, options.retry);
  return due.size();
}

mail_sender_actor::behavior_type mail_sender_behavior(
    mail_sender_state::self_ptr self, const std::shared_ptr<std::unique_ptr<emailing_store>>& store,
    const std::shared_ptr<std::unique_ptr<mail_transport>>& transport, mail_options options) {
  self->state.store = std::move(*store);
  self->state.transport = std::move(*transport);
  self->state.options = std::move(options);
  self->send(self, tick_atom::value);
  return {[self](tick_atom) {
    auto& s = self->state;
    size_t due = 0;
    try {
      due = s.send_due();
    } catch (const store_error& e) {
      log::debug("email.store_failed", {{"error", e.what()}});
    }
    bool more = due == static_cast<size_t>(s.options.batch);
    self->delayed_send(self, more ? std::chrono::milliseconds(0) : s.options.interval,
                       tick_atom::value);
  }};
}

} // namespace troupe
