#include "http/listener.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace troupe::http {

namespace {

constexpr int backlog = 4096;

struct endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

endpoint parse(const std::string& address, uint16_t port) {
  endpoint out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.address);
  if (::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out.size = sizeof(sockaddr_in);
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out.size = sizeof(sockaddr_in6);
  } else {
    throw std::system_error(EINVAL, std::generic_category(), "not an IP address: " + address);
  }
  return out;
}

} // namespace

fd listen_on(const std::string& address, uint16_t port) {
  const auto at = parse(address, port);
  fd out(::socket(at.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!out || ::setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
      || ::bind(out.get(), reinterpret_cast<const sockaddr*>(&at.address), at.size) != 0
      || ::listen(out.get(), backlog) != 0)
    throw std::system_error(errno, std::generic_category(),
                            "cannot listen on " + address + " port " + std::to_string(port));
  return out;
}

uint16_t port_of(const fd& socket) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::system_error(errno, std::generic_category(), "getsockname");
  return ntohs(at.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&at)->sin6_port
                                        : reinterpret_cast<sockaddr_in*>(&at)->sin_port);
}

} // namespace troupe::http
