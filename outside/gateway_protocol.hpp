#pragma once
// The payment gateway's wire format, without any transport: what a request looks like and what an
// answer means. Source: docs/payment-gateway.md. Pure; callable from any thread.

#include "outside/payment_gateway.hpp"

#include <string>
#include <string_view>

namespace troupe::gateway_protocol {

/// What is sent. `idempotency_key` is empty where the path holds the key.
struct request {
  std::string path; ///< from "/", percent-encoded
  std::string idempotency_key;
  std::string body; ///< JSON; may hold a card: never log it
};

request charge(const charge_request& what);
request void_charge(std::string_view key);
request refund(std::string_view key, std::string_view charge_key, cents amount);

/// 1 to 128 visible ASCII characters, as the protocol's keys are.
bool valid_key(std::string_view key);

/// A W3C trace context's characters only: anything else is not sent on.
bool valid_traceparent(std::string_view text);

/// The meaning of an HTTP answer. Only an explicit, well-formed outcome of this very `key` is one;
/// all else is unknown. `again`: asking again with the same key may help.
struct charge_meaning {
  gateway_reply reply;
  bool again = false;
};
charge_meaning read_charge(std::string_view key, long http_status, std::string_view body);
refund_reply read_refund(std::string_view key, long http_status, std::string_view body);

} // namespace troupe::gateway_protocol
