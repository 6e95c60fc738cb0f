#pragma once
// Reads a `text/event-stream` as it comes, in any pieces.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::sim {

struct stream_event {
  std::string name;
  std::optional<int64_t> id;
  std::string data;
};

class event_reader {
public:
  /// Takes the next piece. False: a line is longer than any that Troupe sends.
  [[nodiscard]] bool take(std::string_view piece);
  /// The next whole event; comments are none.
  std::optional<stream_event> next();
  bool empty() const { return events_.empty(); }

private:
  void line(std::string_view text);

  static constexpr size_t longest_line = 1024UL * 1024;
  std::string rest_; ///< of a line that has not ended
  stream_event now_;
  std::deque<stream_event> events_;
};

} // namespace troupe::sim
