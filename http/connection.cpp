#include "http/connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace troupe::http {

namespace {

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

} // namespace

bool is_safe(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

void pending_answer::add_piece(std::string_view bytes) {
  if (bytes.empty()) // as a chunk it would be the end
    return;
  if (!http_1_0) {
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.begin(), size.end(), bytes.size(), 16).ptr;
    answer.body.append(size.begin(), end).append("\r\n");
  }
  answer.body.append(bytes);
  if (!http_1_0)
    answer.body.append("\r\n");
}

void pending_answer::end_stream() {
  ready = true;
  if (!http_1_0)
    answer.body.append("0\r\n\r\n");
}

connection::connection(fd s, connection_id i, std::string r, const framing_limits& limits)
    : socket(std::move(s)), id(i), remote(std::move(r)), input(limits) {}

connection::io connection::receive(std::span<char> buffer, size_t& count) {
  while (true) {
    const auto n = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (n > 0) {
      count = static_cast<size_t>(n);
      // A short read has emptied the socket; the next bytes raise a new edge. Not so after the
      // client's end, whose edge has already been.
      readable = count == buffer.size() || hung_up;
      return io::moved;
    }
    if (n == 0) {
      peer_closed = true;
      readable = false;
      return io::ended;
    }
    if (errno == EINTR)
      continue;
    readable = false;
    return would_block(errno) ? io::blocked : io::broken;
  }
}

connection::io connection::fill(std::span<char> buffer) {
  size_t count = 0;
  const auto result = receive(buffer, count);
  if (result == io::moved)
    input.append({buffer.data(), count});
  else if (result == io::ended)
    input_ended = true;
  return result;
}

connection::io connection::discard(std::span<char> buffer) {
  size_t count = 0;
  return receive(buffer, count);
}

connection::io connection::flush() {
  while (unsent() > 0) {
    if (!writable)
      return io::blocked;
    const auto n = ::send(socket.get(), out_.data() + out_at_, unsent(), MSG_NOSIGNAL);
    if (n >= 0) {
      out_at_ += static_cast<size_t>(n);
      sent_since += static_cast<size_t>(n);
    } else if (would_block(errno)) {
      writable = false;
    } else if (errno != EINTR) {
      return io::broken;
    }
  }
  out_.clear();
  out_at_ = 0;
  if (out_.capacity() > keep_capacity)
    out_.shrink_to_fit();
  return io::moved;
}

uint64_t connection::add(pending_answer one) {
  pending.push_back(std::move(one));
  return first_sequence_ + pending.size() - 1;
}

pending_answer* connection::find(uint64_t sequence) {
  const auto index = sequence - first_sequence_;
  if (sequence < first_sequence_ || index >= pending.size() || pending[index].ready)
    return nullptr;
  return &pending[index];
}

void connection::collect(bool closing) {
  size_t moved = 0;
  for (; moved < pending.size(); ++moved) {
    auto& one = pending[moved];
    if (!one.ready && !one.streams())
      break;
    const bool last = !one.keep_alive || ((closing || input_ended) && moved + 1 == pending.size());
    if (!std::exchange(one.head_moved, true))
      move_head(one, last);
    out_.append(std::exchange(one.answer.body, {}));
    if (!one.ready)
      break;
    input_ended |= last && !one.interim;
  }
  pending.erase(pending.begin(), pending.begin() + static_cast<ptrdiff_t>(moved));
  first_sequence_ += moved;
}

void connection::move_head(pending_answer& one, bool last) {
  out_.append(one.answer.head);
  if (one.streams() && !one.http_1_0)
    out_.append("Transfer-Encoding: chunked\r\n");
  if (!one.interim && last)
    out_.append("Connection: close\r\n");
  else if (!one.interim && one.http_1_0)
    out_.append("Connection: keep-alive\r\n");
  out_.append("\r\n");
}

void connection::tell_flows() const {
  for (const auto& one : pending)
    if (one.streams())
      one.flow->held = one.answer.body.size() + (one.head_moved ? unsent() : 0);
}

bool connection::streams() const {
  return std::any_of(pending.begin(), pending.end(),
                     [](const pending_answer& p) { return p.streams(); });
}

bool connection::may_begin(size_t max_pending, size_t max_unsent) const {
  if (unsent() >= max_unsent || pending.size() >= max_pending)
    return false;
  return pending.empty()
         || (!streams() && !pending.back().http_1_0 && is_safe(input.head().method)
             && std::all_of(pending.begin(), pending.end(),
                            [](const pending_answer& p) { return is_safe(p.method); }));
}

connection::state connection::due_state() const {
  if (unsent() > 0)
    return state::writing;
  if (!pending.empty())
    return state::waiting;
  return input.partial() ? state::reading : state::idle;
}

} // namespace troupe::http
