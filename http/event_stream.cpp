#include "http/event_stream.hpp"

#include <charconv>

namespace troupe::http {

response event_stream_head() {
  return {.headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}},
          .body = {},
          .content_type = "text/event-stream"};
}

std::string event_text(std::string_view name, int64_t id, std::string_view data) {
  std::string text;
  text.reserve(data.size() + 64);
  text.append("event: ").append(name).append("\nid: ").append(std::to_string(id));
  return text.append("\ndata: ").append(data).append("\n\n");
}

std::optional<int64_t> last_event_id(const request& q) {
  const auto sent = q.header("Last-Event-ID");
  if (!sent)
    return std::nullopt;
  int64_t id = 0;
  const auto* end = sent->data() + sent->size();
  const auto read = std::from_chars(sent->data(), end, id);
  if (read.ec != std::errc{} || read.ptr != end || id < 0)
    return std::nullopt;
  return id;
}

} // namespace troupe::http
