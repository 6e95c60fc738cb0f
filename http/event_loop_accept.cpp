#include "http/event_loop.hpp"

#include "telemetry/log.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace troupe::http {

namespace {

constexpr int accepts_a_turn = 256;
// Connections over the limit that are told 503 at a time; what comes beyond is only closed.
constexpr size_t refusals_at_a_time = 64;
constexpr std::chrono::milliseconds rest_without_descriptors{200};

std::string address_text(const sockaddr_storage& from) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* address
      = from.ss_family == AF_INET6
            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(&from)->sin6_addr)
            : &reinterpret_cast<const sockaddr_in*>(&from)->sin_addr;
  return ::inet_ntop(from.ss_family, address, text.data(), text.size()) == nullptr ? ""
                                                                                   : text.data();
}

bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

} // namespace

void event_loop::accept_some() {
  for (int i = 0; listener_ && i < accepts_a_turn; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    fd socket(::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&from), &size,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      add(std::move(socket), address_text(from));
    } else if (is_shortage(errno)) {
      log::warn("http.accept_paused", {{"front", options_.name}, {"why", std::strerror(errno)}});
      return disarm_listener();
    } else if (errno == EAGAIN) {
      return;
    }
    // Any other error (ECONNABORTED, say) is of the one connection that could not be had.
  }
}

void event_loop::add(fd socket, std::string remote) {
  if (count_ >= options_.max_connections + refusals_at_a_time)
    return;
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const auto index = free_slots_.back();
  const connection_id id{index, slots_[index].generation};
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = (static_cast<uint64_t>(id.generation) << 32U) | id.slot;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0) {
    log::warn("http.watch_failed", {{"front", options_.name}, {"why", std::strerror(errno)}});
    return;
  }
  free_slots_.pop_back();
  auto& idle = lists_.at(static_cast<size_t>(state::idle));
  idle.emplace_back(std::move(socket), id, std::move(remote), limits_);
  idle.back().since = steady::now();
  slots_[index].at = std::prev(idle.end());
  slots_[index].used = true;
  if (++count_ > options_.max_connections) {
    refuse(idle.back(), {503, "too_many_connections", "the server is at its limit"});
    enqueue(idle.back());
  }
}

/// Without descriptors the listener would stay readable and spin the loop.
void event_loop::disarm_listener() {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
  rearm_at_ = now_ + rest_without_descriptors;
}

void event_loop::rearm_listener() {
  rearm_at_.reset();
  if (!listener_)
    return;
  try {
    watch(listener_.get(), EPOLLIN, listener_key);
  } catch (const std::system_error&) {
    rearm_at_ = now_ + rest_without_descriptors; // The shortage goes on.
  }
}

void event_loop::close_listener() {
  // Who is already connected is served: closing would reset them.
  accept_some();
  listener_.reset();
  rearm_at_.reset();
  const std::lock_guard lock(waiters_);
  listener_closed_ = true;
  told_.notify_all();
}

} // namespace troupe::http
