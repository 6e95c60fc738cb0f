#include "sim/event_reader.hpp"

#include <charconv>
#include <utility>

namespace troupe::sim {

bool event_reader::take(std::string_view piece) {
  rest_.append(piece);
  size_t from = 0;
  for (size_t end = 0; (end = rest_.find('\n', from)) != std::string::npos; from = end + 1)
    line(std::string_view(rest_).substr(from, end - from));
  rest_.erase(0, from);
  return rest_.size() <= longest_line;
}

std::optional<stream_event> event_reader::next() {
  if (events_.empty())
    return std::nullopt;
  auto first = std::move(events_.front());
  events_.pop_front();
  return first;
}

void event_reader::line(std::string_view text) {
  if (text.ends_with('\r'))
    text.remove_suffix(1);
  if (text.empty()) {
    if (!now_.name.empty() || !now_.data.empty())
      events_.push_back(std::exchange(now_, {}));
    return;
  }
  const auto colon = text.find(':');
  const auto field = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' '))
    value.remove_prefix(1);
  if (field == "event") {
    now_.name = value;
  } else if (field == "data") {
    now_.data = value;
  } else if (field == "id") {
    int64_t id = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), id);
    if (read.ec == std::errc{} && read.ptr == value.data() + value.size())
      now_.id = id;
  }
}

} // namespace troupe::sim
