#include "http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <stdexcept>

namespace troupe::test {

namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

class connection {
public:
  explicit connection(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    timeval limit{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
      ::close(fd_);
      throw std::runtime_error("cannot connect to port " + std::to_string(port));
    }
  }
  ~connection() { ::close(fd_); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        return; // what was answered already can still be read
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  std::string read_all() {
    std::string all;
    char buffer[16 * 1024];
    for (;;) {
      auto got = ::recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0)
        return all;
      all.append(buffer, static_cast<size_t>(got));
    }
  }

private:
  int fd_;
};

std::string request_text(std::string_view method, std::string_view target,
                         const header_lines& headers, std::string_view body) {
  std::string text(method);
  text.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
  bool typed = body.empty();
  for (const auto& [name, value] : headers) {
    typed = typed || same_name(name, "Content-Type");
    if (!value.empty() || !same_name(name, "Content-Type"))
      text.append(name).append(": ").append(value).append("\r\n");
  }
  if (!typed)
    text.append("Content-Type: application/json\r\n");
  if (!body.empty())
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return text.append("\r\n").append(body);
}

http_answer parse(const std::string& text) {
  http_answer result;
  auto head_end = text.find("\r\n\r\n");
  if (head_end == std::string::npos || !text.starts_with("HTTP/1.1 "))
    return result;
  result.status = std::atoi(text.c_str() + 9);
  for (auto at = text.find("\r\n"); at < head_end;) {
    const auto end = text.find("\r\n", at + 2);
    const auto line = text.substr(at + 2, end - at - 2);
    const auto colon = line.find(':');
    const auto value = line.find_first_not_of(' ', colon + 1);
    result.headers.emplace_back(line.substr(0, colon),
                                value == std::string::npos ? "" : line.substr(value));
    at = end;
  }
  result.body = text.substr(head_end + 4);
  return result;
}

} // namespace

std::string http_answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (same_name(key, name))
      return value;
  return {};
}

http_answer http_request(uint16_t port, std::string_view method, std::string_view target,
                         const header_lines& headers, std::string_view body) {
  connection to(port);
  to.send(request_text(method, target, headers, body));
  return parse(to.read_all());
}

} // namespace troupe::test
