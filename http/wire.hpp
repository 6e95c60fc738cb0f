#pragma once
// Writes a response as bytes. Pure but for the clock of the Date header; callable from any thread.

#include "http/message.hpp"

#include <string>
#include <string_view>

namespace troupe::http {

/// An answer ready to be sent but for its Connection header, which only the event loop knows.
struct wire_answer {
  int status = 500;
  std::string head; ///< status line and headers, each with its CRLF, without the empty line
  std::string body;
};

struct wire_options {
  bool to_head = false;           ///< the request was HEAD: the body's length, not the body
  bool vary_origin = false;       ///< some origins are allowed, so caches must tell them apart
  std::string_view cors_origin{}; ///< the allowed Origin of the request; empty: none
};

wire_answer write(response answer, const wire_options& how);

/// The head of an answer whose body comes in pieces; how these are told apart the event loop says.
wire_answer write_stream_head(const response& answer, const wire_options& how);

/// The headers that browsers may read, and may send, across origins.
constexpr std::string_view cors_exposed
    = "ETag, Link, Location, X-Total-Count, Idempotent-Replayed, Retry-After, Preference-Applied";
constexpr std::string_view cors_allowed
    = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "
      "Prefer, X-User-Id, traceparent";

} // namespace troupe::http
