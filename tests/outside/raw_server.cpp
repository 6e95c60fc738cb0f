#include "raw_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::test {

namespace {

// A bound socket and its port.
std::pair<int, int> bind_loopback() {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof at;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&at), length) != 0
      || ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &length) != 0)
    throw std::runtime_error("no loopback socket");
  return {fd, ntohs(at.sin_port)};
}

std::string lower(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool send_all(int fd, const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    auto n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0)
      return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

// One request off the connection's bytes; false at its end.
bool read_request(int fd, std::string& buffer, raw_request& out) {
  auto more = [&] {
    char chunk[8192];
    auto n = ::recv(fd, chunk, sizeof chunk, 0);
    if (n > 0)
      buffer.append(chunk, static_cast<size_t>(n));
    return n > 0;
  };
  size_t end;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
    if (!more())
      return false;
  out.head = buffer.substr(0, end + 2);
  auto length = out.header("content-length");
  size_t body = length.empty() ? 0 : std::stoul(length);
  while (buffer.size() < end + 4 + body)
    if (!more())
      return false;
  out.body = buffer.substr(end + 4, body);
  buffer.erase(0, end + 4 + body);
  return true;
}

} // namespace

std::string raw_request::header(const std::string& lower_name) const {
  auto at = lower(head).find("\r\n" + lower_name + ":");
  if (at == std::string::npos)
    return {};
  auto from = head.find_first_not_of(' ', at + 3 + lower_name.size());
  return head.substr(from, head.find("\r\n", from) - from);
}

raw_answer json_answer(int status, const std::string& body) {
  return {"HTTP/1.1 " + std::to_string(status)
              + " X\r\nContent-Type: application/json\r\nContent-Length: "
              + std::to_string(body.size()) + "\r\n\r\n" + body,
          false, false};
}

raw_server::raw_server(handler answers) : answers_(std::move(answers)) {
  std::tie(listener_, port_) = bind_loopback();
  if (::listen(listener_, 128) != 0)
    throw std::runtime_error("cannot listen");
  acceptor_ = std::thread([this] { accept_all(); });
}

raw_server::~raw_server() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    for (int fd : open_)
      ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& one : threads_)
    one.join();
  ::close(listener_);
}

std::vector<raw_request> raw_server::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

bool raw_server::await_requests(size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10),
                           [&] { return requests_.size() >= count; });
}

void raw_server::accept_all() {
  for (;;) {
    int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0)
      return;
    std::lock_guard lock(mutex_);
    if (ending_) {
      ::close(fd);
      return;
    }
    ++accepted_;
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void raw_server::serve(int fd) {
  std::string buffer;
  for (raw_request next; read_request(fd, buffer, next); next = {}) {
    raw_answer answer = json_answer(200, "{}");
    if (!next.head.starts_with("GET /health ")) {
      {
        std::lock_guard lock(mutex_);
        requests_.push_back(next);
        next.number = static_cast<int>(requests_.size());
        requests_.back().number = next.number;
      }
      changed_.notify_all();
      answer = answers_(next);
    }
    if (answer.hold)
      continue; // the next read waits until either side ends
    if (!send_all(fd, answer.bytes) || answer.close)
      break;
  }
  std::lock_guard lock(mutex_);
  std::erase(open_, fd);
  ::close(fd);
}

int unused_port() {
  auto [fd, port] = bind_loopback();
  ::close(fd);
  return port;
}

} // namespace troupe::test
