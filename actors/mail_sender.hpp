#pragma once
// Sends the e-mails that are due, at least once each, Message-ID from the notification's id. Blocks
// in its session and in the transport, so production spawns it detached.

#include "actors/interfaces.hpp"
#include "outside/mail_transport.hpp"

namespace troupe {

using mail_sender_actor = caf::typed_actor<caf::reacts_to<tick_atom>>;

struct mail_options {
  std::string domain = "customers.invalid"; ///< a user's address is <user id>@<domain>
  std::chrono::milliseconds interval{1000};
  std::chrono::milliseconds lease{60000};
  std::chrono::milliseconds retry{30000};
  int batch = 200;
};

struct mail_sender_state {
  using self_ptr = mail_sender_actor::stateful_pointer<mail_sender_state>;
  static inline const char* name = "mail_sender";

  std::unique_ptr<emailing_store> store;
  std::unique_ptr<mail_transport> transport;
  mail_options options;

  /// Sends one batch; returns how many were due.
  size_t send_due();
};

mail_sender_actor::behavior_type mail_sender_behavior(
    mail_sender_state::self_ptr self, const std::shared_ptr<std::unique_ptr<emailing_store>>& store,
    const std::shared_ptr<std::unique_ptr<mail_transport>>& transport, mail_options options);

} // namespace troupe
