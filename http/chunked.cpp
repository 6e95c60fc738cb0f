#include "http/chunked.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::http {

namespace {

// Without these a client could send megabytes of extensions around an empty body.
constexpr size_t max_line = 1024;
constexpr size_t max_overhead = 8UL * 1024;

} // namespace

size_t chunked_decoder::consume(std::string_view in, std::string& body) {
  size_t taken = 0;
  while (taken < in.size() && !done() && !refused_) {
    const auto rest = in.substr(taken);
    if (state_ == state::data) {
      const auto n = std::min(left_, rest.size());
      body.append(rest.substr(0, n));
      taken += n;
      left_ -= n;
      if (left_ == 0)
        state_ = state::data_end;
    } else {
      taken += take_line(rest);
    }
  }
  return taken;
}

/// Takes up to and with the next LF, and acts on the line when it is whole.
size_t chunked_decoder::take_line(std::string_view in) {
  const auto lf = in.find('\n');
  const auto n
      = std::min(lf == std::string_view::npos ? in.size() : lf + 1, max_line + 1 - line_.size());
  line_.append(in.substr(0, n));
  if (line_.back() != '\n') {
    if (line_.size() > max_line)
      refuse({431, "headers_too_large", "a line of the chunked body is too long"});
    return n;
  }
  if (line_.size() < 2 || line_[line_.size() - 2] != '\r') {
    refuse({.detail = "the chunked body is malformed"});
    return n;
  }
  line_.resize(line_.size() - 2);
  if (state_ == state::size_line)
    size_line_ended();
  else if (state_ == state::trailer)
    trailer_line_ended();
  else if (line_.empty())
    state_ = state::size_line;
  else
    refuse({.detail = "a chunk is longer than it said"});
  line_.clear();
  return n;
}

void chunked_decoder::size_line_ended() {
  std::string_view digits = line_;
  const auto semicolon = digits.find(';');
  if (semicolon != std::string_view::npos) {
    overhead_ += digits.size() - semicolon;
    digits = digits.substr(0, semicolon);
    while (digits.ends_with(' ') || digits.ends_with('\t'))
      digits.remove_suffix(1);
  }
  const auto* const end = digits.data() + digits.size();
  uint64_t size = 0;
  const auto [stopped, error] = std::from_chars(digits.data(), end, size, 16);
  if (error == std::errc::result_out_of_range && stopped == end)
    return refuse({413, "body_too_large", "the body is too large"});
  if (error != std::errc{} || stopped != end || line_.find('\r') != std::string::npos
      || line_.find('\0') != std::string::npos)
    return refuse({.detail = "a chunk's size is malformed"});
  if (size > max_body_ - total_)
    return refuse({413, "body_too_large", "the body is too large"});
  if (overhead_ > max_overhead)
    return refuse({431, "headers_too_large", "too many chunk extensions"});
  total_ += size;
  left_ = size;
  state_ = size == 0 ? state::trailer : state::data;
}

void chunked_decoder::trailer_line_ended() {
  if (line_.empty()) {
    state_ = state::done;
    return;
  }
  overhead_ += line_.size();
  if (!parse_field(line_))
    refuse({.detail = "a trailer line is malformed"});
  else if (overhead_ > max_overhead)
    refuse({431, "headers_too_large", "too many trailers"});
}

} // namespace troupe::http
