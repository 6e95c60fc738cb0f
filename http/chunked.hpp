#pragma once
// Decodes a chunked body (RFC 9112, 7.1) as it arrives, within bounds. Extensions and trailers are
// read, checked and dropped. Pure, no I/O; the result does not depend on how the input is split.

#include "http/head.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::http {

class chunked_decoder {
public:
  explicit chunked_decoder(size_t max_body) : max_body_(max_body) {}

  /// Takes from `in` what belongs to the body, appends the decoded bytes to `body`, and returns
  /// how many bytes it took: all of them until the body has ended or is refused.
  size_t consume(std::string_view in, std::string& body);

  bool done() const { return state_ == state::done; }
  const std::optional<refusal>& refused() const { return refused_; }

private:
  enum class state { size_line, data, data_end, trailer, done };

  size_t take_line(std::string_view in);
  void size_line_ended();
  void trailer_line_ended();
  void refuse(refusal why) { refused_ = why; }

  size_t max_body_;
  state state_ = state::size_line;
  std::string line_; ///< the present line so far, with its CR
  size_t left_ = 0;  ///< bytes of the present chunk still to come
  size_t total_ = 0;
  size_t overhead_ = 0; ///< bytes of extensions and trailers so far
  std::optional<refusal> refused_;
};

} // namespace troupe::http
