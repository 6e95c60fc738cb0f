#include "client.hpp"

#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace troupe::http::test {

using std::chrono::steady_clock;

std::string answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (iequals(key, name))
      return value;
  return {};
}

std::string answer::code() const {
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  return parsed.is_object() ? parsed.value("code", "") : "";
}

client::client(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("connect failed");
}

bool client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

void client::end_sending() {
  ::shutdown(socket_.get(), SHUT_WR);
}

void client::reset() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  socket_.reset();
}

client::got client::fill(steady_clock::time_point until) {
  const auto left
      = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
  pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) <= 0)
    return got::nothing;
  std::array<char, 65536> buffer{};
  const auto n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (n <= 0)
    return got::end;
  in_.append(buffer.data(), static_cast<size_t>(n));
  return got::bytes;
}

std::optional<answer> client::receive(std::chrono::milliseconds limit, bool to_head) {
  const auto until = steady_clock::now() + limit;
  size_t head = 0;
  while ((head = in_.find("\r\n\r\n")) == std::string::npos)
    if (fill(until) != got::bytes)
      return std::nullopt;
  answer out;
  out.status = std::stoi(in_.substr(9, 3));
  for (size_t at = in_.find("\r\n") + 2; at < head + 2;) {
    const auto end = in_.find("\r\n", at);
    const auto colon = in_.find(": ", at);
    out.headers.emplace_back(in_.substr(at, colon - at), in_.substr(colon + 2, end - colon - 2));
    at = end + 2;
  }
  const auto length = out.header("Content-Length");
  const auto size = to_head || length.empty() ? 0 : std::stoul(length);
  while (in_.size() < head + 4 + size)
    if (fill(until) != got::bytes)
      return std::nullopt;
  out.body = in_.substr(head + 4, size);
  in_.erase(0, head + 4 + size);
  return out;
}

std::optional<std::string> client::read_to(std::string_view last, std::chrono::milliseconds limit) {
  const auto until = steady_clock::now() + limit;
  size_t at = 0;
  while ((at = in_.find(last)) == std::string::npos)
    if (fill(until) != got::bytes)
      return std::nullopt;
  auto out = in_.substr(0, at + last.size());
  in_.erase(0, out.size());
  return out;
}

bool client::ended(std::chrono::milliseconds limit) {
  const auto until = steady_clock::now() + limit;
  while (true) {
    const auto what = fill(until);
    if (what != got::bytes)
      return what == got::end;
  }
}

bool client::silent(std::chrono::milliseconds limit) {
  return in_.empty() && fill(steady_clock::now() + limit) == got::nothing;
}

std::string get(std::string_view path, std::string_view more) {
  std::string out = "GET ";
  out.append(path).append(" HTTP/1.1\r\nHost: localhost\r\n").append(more).append("\r\n");
  return out;
}

std::string with_body(std::string_view method, std::string_view path, std::string_view body,
                      std::string_view more) {
  std::string out(method);
  out.append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\nContent-Length: ");
  out.append(std::to_string(body.size())).append("\r\n").append(more).append("\r\n").append(body);
  return out;
}

} // namespace troupe::http::test
