#pragma once
// What a client would like, if it can be had (RFC 7240). Pure.

#include "http/message.hpp"

#include <chrono>
#include <optional>

namespace troupe::http {

/// The longest wait that is granted; a longer wish counts as this.
constexpr std::chrono::seconds longest_wait{60};

/// `Prefer: wait=N`: how long the client would wait for a better answer. Nothing without it, and
/// for a malformed one; of several the first counts.
std::optional<std::chrono::seconds> wait_preference(const request& q);

} // namespace troupe::http
