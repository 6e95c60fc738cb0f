#pragma once
// The payment gateway as its client sees it: asynchronous, many calls in flight on one thread.
// The protocol is docs/payment-gateway.md. Cards pass through and are neither stored nor logged.

#include "domain/payment.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace troupe {

struct charge_request {
  std::string key; ///< charge_key(order, attempt)
  std::string order_id;
  cents amount = 0;
  std::string card_number; ///< empty: the customer's default method
  std::string payment_method;
  std::string traceparent;
};

struct gateway_reply {
  gateway_answer answer = gateway_answer::unknown;
  std::string transaction_id; ///< captured
  std::string reason;         ///< declined, voided: for the customer; unknown: for the log
};

struct refund_reply {
  refund_answer answer = refund_answer::unknown;
  std::string reason;
};

class payment_gateway {
public:
  virtual ~payment_gateway() = default;
  using charged = std::function<void(gateway_reply)>;
  using refunded = std::function<void(refund_reply)>;

  /// Each answers exactly once, from the client's own thread (or the caller's, when its queue is
  /// full: `unknown`), never later than its time limit. Repeating a key is safe.
  virtual void charge(charge_request what, charged then) = 0;
  virtual void void_charge(const std::string& key, charged then) = 0;
  virtual void refund(const std::string& key, const std::string& charge_key, cents amount,
                      refunded then)
      = 0;
  /// Whether the gateway answered lately; for readiness.
  virtual bool reachable() const = 0;
};

struct gateway_options {
  std::string url;                               ///< http(s)://host:port
  std::chrono::milliseconds call_limit{3000};    ///< of one call
  int tries = 3;                                 ///< of a charge whose answer is unknown, same key
  std::chrono::milliseconds charge_limit{10000}; ///< of all tries together
  int in_flight = 64;                            ///< calls at once; more wait
  int waiting = 10000;                           ///< more than this waiting: `unknown` at once
};

std::unique_ptr<payment_gateway> make_payment_gateway(gateway_options options);

} // namespace troupe
