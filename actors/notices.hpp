#pragma once
// What customers are told, and about which events: the texts of notifications and e-mails. Pure.

#include "domain/event_values.hpp"
#include "persistence/emailing_store.hpp"

namespace troupe {

/// The notice of a consumed event, or why it is a dead letter.
std::variant<notice, bad_event> notice_of(const incoming_event& e);

/// As `notice_of`; nothing for an event that cannot be read. A `notice_decoder`.
std::optional<notice> decode_notice(const incoming_event& e);

} // namespace troupe
