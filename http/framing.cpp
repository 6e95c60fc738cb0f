#include "http/framing.hpp"

#include <algorithm>

namespace troupe::http {

namespace {

// Used bytes are cut off the buffer's front only when there are many: a pipeline of small requests
// would otherwise move the rest for each.
constexpr size_t compact_from = 16UL * 1024;
constexpr size_t longest_method = 32;

} // namespace

framer::step framer::next() {
  switch (state_) {
    case state::head:
      return read_head();
    case state::head_read:
      state_ = state::body;
      if (current_.head.chunked)
        chunks_.emplace(limits_.max_body);
      return read_body();
    case state::body:
      return read_body();
    case state::whole:
      return step::request;
    case state::refused:
      break;
  }
  return step::refused;
}

framed_request framer::take() {
  state_ = state::head;
  skipped_empty_line_ = false;
  chunks_.reset();
  auto out = std::move(current_);
  current_ = {};
  return out;
}

framer::step framer::refuse(const refusal& why) {
  why_ = why;
  state_ = state::refused;
  buffer_.clear();
  position_ = 0;
  return step::refused;
}

/// Some clients send an empty line after a body (RFC 9112, 2.2). One is let pass.
void framer::skip_empty_line() {
  if (!skipped_empty_line_ && std::string_view(buffer_).substr(position_).starts_with("\r\n")) {
    position_ += 2;
    scanned_ = 0;
    skipped_empty_line_ = true;
  }
}

/// The size of the head with its empty line; nothing while it is not whole; refuses a bare LF.
std::optional<size_t> framer::find_head_end() {
  const auto seen = std::string_view(buffer_).substr(position_, limits_.max_head);
  for (auto lf = seen.find('\n', scanned_); lf != std::string_view::npos;
       lf = seen.find('\n', lf + 1)) {
    if (lf == 0 || seen[lf - 1] != '\r') {
      refuse({.detail = "a line ends without CR"});
      return std::nullopt;
    }
    if (seen.substr(0, lf + 1).ends_with("\r\n\r\n"))
      return lf + 1;
  }
  scanned_ = seen.size();
  return std::nullopt;
}

framer::step framer::read_head() {
  skip_empty_line();
  compact();
  if (position_ == buffer_.size())
    return step::more;
  // A lone CR may still become an empty line; anything else that no method starts with (a TLS
  // greeting, say) is told at once.
  const auto rest = std::string_view(buffer_).substr(position_);
  if (!is_token_char(rest[0]) && (rest != "\r" || skipped_empty_line_))
    return refuse({.detail = "the request line is malformed"});
  const auto size = find_head_end();
  if (state_ == state::refused)
    return step::refused;
  if (!size) {
    if (rest.size() <= limits_.max_head)
      return step::more;
    const auto line = std::min(limits_.max_target + longest_method, limits_.max_head);
    if (rest.substr(0, line).find('\n') == std::string_view::npos)
      return refuse({414, "uri_too_long", "the URI is too long"});
    return refuse({431, "headers_too_large", "the headers are too large"});
  }
  auto parsed = parse_head(rest.substr(0, *size), limits_);
  if (const auto* why = std::get_if<refusal>(&parsed))
    return refuse(*why);
  current_.head = std::move(std::get<request_head>(parsed));
  position_ += *size;
  scanned_ = 0;
  state_ = state::head_read;
  return step::head;
}

framer::step framer::read_body() {
  const auto rest = std::string_view(buffer_).substr(position_);
  bool whole = false;
  if (chunks_) {
    position_ += chunks_->consume(rest, current_.body);
    if (chunks_->refused())
      return refuse(*chunks_->refused());
    whole = chunks_->done();
  } else {
    const auto n
        = std::min<size_t>(current_.head.content_length - current_.body.size(), rest.size());
    current_.body.append(rest.substr(0, n));
    position_ += n;
    whole = current_.body.size() == current_.head.content_length;
  }
  compact();
  if (!whole)
    return step::more;
  state_ = state::whole;
  return step::request;
}

void framer::compact() {
  if (position_ == buffer_.size()) {
    buffer_.clear();
    position_ = 0;
    if (buffer_.capacity() > keep_capacity)
      buffer_.shrink_to_fit();
  } else if (position_ >= compact_from) {
    buffer_.erase(0, position_);
    position_ = 0;
  }
}

} // namespace troupe::http
