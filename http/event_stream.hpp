#pragma once
// text/event-stream as browsers read it (server-sent events). Pure.
// Source: "Server-sent events" in the HTML standard.

#include "http/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::http {

/// The head of a stream's answer: not to be stored, nor gathered by a proxy.
response event_stream_head();

/// One event. `data` is JSON, which has no line breaks.
std::string event_text(std::string_view name, int64_t id, std::string_view data);

/// A comment: it keeps a connection alive that is silent otherwise.
constexpr std::string_view heartbeat_text = ":\n\n";

/// The id of the last event that the client has seen; nothing when it sends none, or none of ours.
std::optional<int64_t> last_event_id(const request& q);

} // namespace troupe::http
