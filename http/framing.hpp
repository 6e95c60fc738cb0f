#pragma once
// Cuts the bytes of a connection into whole requests. It alone decides where one ends and the next
// begins. Pure, no I/O; the result does not depend on how the bytes were split on their way.

#include "http/chunked.hpp"
#include "http/head.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::http {

/// An idle connection keeps no more than this of a buffer.
inline constexpr size_t keep_capacity = 4UL * 1024;

struct framed_request {
  request_head head;
  std::string body;
};

class framer {
public:
  explicit framer(const framing_limits& limits) : limits_(limits) {}

  enum class step {
    more,    ///< needs further bytes
    head,    ///< a head is read, its body is not: `head()`; said once a request
    request, ///< a whole request: `take()`
    refused, ///< `why()`; nothing further is read
  };

  void append(std::string_view bytes) { buffer_.append(bytes); }
  step next();

  const request_head& head() const { return current_.head; }
  framed_request take();
  const refusal& why() const { return why_; }

  /// Some bytes of a request that is not whole are here.
  bool partial() const { return state_ != state::head || position_ < buffer_.size(); }
  /// A whole request waits to be taken.
  bool whole() const { return state_ == state::whole; }
  /// Nothing beyond what was already cut off has arrived.
  bool drained() const { return position_ == buffer_.size(); }

private:
  enum class state { head, head_read, body, whole, refused };

  step refuse(const refusal& why);
  step read_head();
  step read_body();
  std::optional<size_t> find_head_end();
  void skip_empty_line();
  void compact();

  framing_limits limits_;
  state state_ = state::head;
  std::string buffer_;
  size_t position_ = 0; ///< up to where the buffer is used
  size_t scanned_ = 0;  ///< up to where no head end was found, from position_
  bool skipped_empty_line_ = false;
  framed_request current_;
  std::optional<chunked_decoder> chunks_;
  refusal why_;
};

} // namespace troupe::http
