#pragma once
// Listening sockets.

#include "http/fd.hpp"

#include <cstdint>
#include <string>

namespace troupe::http {

/// Binds and listens, non-blocking. `address` is a numeric IPv4 or IPv6 one; port 0 takes any that
/// is free. Throws `std::system_error` with the address in its text.
fd listen_on(const std::string& address, uint16_t port);

/// The port that a socket is bound to.
uint16_t port_of(const fd& socket);

} // namespace troupe::http
