#include "tests/support/tcp_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace troupe::test {

namespace {

sockaddr_in address(const std::string& host, uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &a.sin_addr) != 1)
    throw std::runtime_error("not an address: " + host);
  return a;
}

bool send_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

} // namespace

tcp_proxy::tcp_proxy(std::string host, uint16_t port) : host_(std::move(host)), upstream_(port) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  auto here = address("127.0.0.1", 0);
  socklen_t size = sizeof here;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&here), size) != 0 || listen(listener_, 16) != 0
      || getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size) != 0)
    throw std::runtime_error("the proxy cannot listen");
  port_ = ntohs(here.sin_port);
  thread_ = std::thread([this] { run(); });
}

tcp_proxy::~tcp_proxy() {
  ending_ = true;
  thread_.join();
  for (auto& each : pairs_)
    close_both(each);
  close(listener_);
  if (held_server_ >= 0)
    close(held_server_);
}

void tcp_proxy::close_both(pair& each) {
  for (int* side : {&each.client, &each.server})
    if (*side >= 0)
      close(std::exchange(*side, -1));
}

void tcp_proxy::run() {
  while (!ending_) {
    std::vector<pollfd> watched{{listener_, POLLIN, 0}};
    for (auto& each : pairs_) {
      watched.push_back({each.client, POLLIN, 0});
      watched.push_back({each.server, POLLIN, 0});
    }
    poll(watched.data(), watched.size(), 10);
    std::size_t i = 1;
    for (auto it = pairs_.begin(); it != pairs_.end(); i += 2) {
      const bool fine = (watched[i].revents == 0 || pump(*it, true))
                        && (watched[i + 1].revents == 0 || pump(*it, false));
      if (fine) {
        ++it;
        continue;
      }
      close_both(*it);
      it = pairs_.erase(it);
    }
    if (watched[0].revents != 0)
      accept_one();
  }
}

void tcp_proxy::accept_one() {
  pair fresh;
  fresh.client = accept(listener_, nullptr, nullptr);
  fresh.server = socket(AF_INET, SOCK_STREAM, 0);
  auto there = address(host_, upstream_);
  if (connect(fresh.server, reinterpret_cast<sockaddr*>(&there), sizeof there) != 0)
    close_both(fresh);
  else
    pairs_.push_back(fresh);
}

bool tcp_proxy::pump(pair& each, bool from_client) {
  char bytes[65536];
  const auto got = recv(from_client ? each.client : each.server, bytes, sizeof bytes, 0);
  if (got <= 0)
    return false;
  const std::string_view data(bytes, static_cast<std::size_t>(got));
  auto meets = [&](fault what) { return fault_.compare_exchange_strong(what, fault::none); };
  if (from_client ? meets(fault::drop_request) : meets(fault::drop_reply))
    return false;
  if (from_client && meets(fault::hold_request)) {
    std::lock_guard g(lock_);
    held_ = data;
    held_server_ = std::exchange(each.server, -1);
    return false;
  }
  return send_all(from_client ? each.server : each.client, data);
}

bool tcp_proxy::release_held() {
  std::lock_guard g(lock_);
  if (held_server_ < 0)
    throw std::runtime_error("nothing is held");
  bool open = send_all(held_server_, held_);
  pollfd watched{held_server_, POLLIN, 0};
  char answer[4096];
  // Whatever the server still says, up to its end or its answer.
  open = open && poll(&watched, 1, 5000) > 0 && recv(held_server_, answer, sizeof answer, 0) > 0
         && answer[0] != 'E';
  close(std::exchange(held_server_, -1));
  return open;
}

} // namespace troupe::test
