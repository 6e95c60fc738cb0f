#include "outside/payment_gateway.hpp"

#include "outside/gateway_protocol.hpp"
#include "outside/http_caller.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace troupe {

namespace {

using std::chrono::milliseconds;

// Between the tries of a charge: long enough for a blip to pass, short against the limits.
constexpr milliseconds first_pause{100};

// One request and what to do with its answer. A charge is a chain of these, one a try.
class client : public payment_gateway {
public:
  explicit client(gateway_options options)
      : options_(std::move(options)), caller_(make_caller_options(options_)) {}

  void charge(charge_request what, charged then) override {
    auto key = std::make_shared<charge_state>();
    key->wire = gateway_protocol::charge(what);
    key->traceparent = what.traceparent;
    key->then = std::move(then);
    key->give_up_at = http_caller::clock::now() + options_.charge_limit;
    try_charge(key, http_caller::clock::now());
  }

  void void_charge(const std::string& key, charged then) override {
    if (!gateway_protocol::valid_key(key))
      return then({gateway_answer::unknown, {}, "not a valid key"});
    caller_.post(post(gateway_protocol::void_charge(key), {}),
                 [key, then = std::move(then)](const http_caller::outcome& out) {
                   auto meaning = out.error.empty()
                                      ? gateway_protocol::read_charge(key, out.status, out.body)
                                      : unanswered(out);
                   tell_unknown("void", key, meaning.reply.answer == gateway_answer::unknown,
                                meaning.reply.reason);
                   then(std::move(meaning.reply));
                 });
  }

  void refund(const std::string& key, const std::string& charge_key, cents amount,
              refunded then) override {
    if (!gateway_protocol::valid_key(key))
      return then({refund_answer::unknown, "not a valid key"});
    caller_.post(
        post(gateway_protocol::refund(key, charge_key, amount), {}),
        [key, then = std::move(then)](const http_caller::outcome& out) {
          auto reply = out.error.empty() ? gateway_protocol::read_refund(key, out.status, out.body)
                                         : refund_reply{refund_answer::unknown, out.error};
          tell_unknown("refund", key, reply.answer == refund_answer::unknown, reply.reason);
          then(std::move(reply));
        });
  }

  bool reachable() const override { return caller_.answered_lately(); }

private:
  struct charge_state {
    gateway_protocol::request wire;
    std::string traceparent;
    charged then;
    http_caller::clock::time_point give_up_at;
    int made = 0;
  };

  static http_caller::options make_caller_options(const gateway_options& from) {
    if (from.in_flight < 1 || from.waiting < 0 || from.tries < 1)
      throw std::invalid_argument("payment gateway: in_flight and tries must be at least 1");
    http_caller::options to;
    to.url = from.url;
    to.in_flight = from.in_flight;
    to.waiting = from.waiting;
    to.probe_path = "/health";
    return to;
  }

  http_caller::call post(gateway_protocol::request wire, const std::string& traceparent) const {
    http_caller::call call;
    call.path = std::move(wire.path);
    call.body = std::move(wire.body);
    call.headers.emplace_back("Content-Type: application/json");
    if (!wire.idempotency_key.empty())
      call.headers.push_back("Idempotency-Key: " + wire.idempotency_key);
    if (gateway_protocol::valid_traceparent(traceparent))
      call.headers.push_back("traceparent: " + traceparent);
    call.not_before = http_caller::clock::now();
    call.limit = options_.call_limit;
    call.give_up_at = call.not_before + options_.call_limit;
    return call;
  }

  void try_charge(const std::shared_ptr<charge_state>& state,
                  http_caller::clock::time_point not_before) {
    if (!gateway_protocol::valid_key(state->wire.idempotency_key))
      return state->then({gateway_answer::unknown, {}, "not a valid key"});
    ++state->made;
    auto call = post(state->wire, state->traceparent);
    call.not_before = not_before;
    call.give_up_at = state->give_up_at;
    caller_.post(std::move(call),
                 [this, state](const http_caller::outcome& out) { tried(state, out); });
  }

  void tried(const std::shared_ptr<charge_state>& state, const http_caller::outcome& out) {
    const auto& key = state->wire.idempotency_key;
    auto meaning = out.error.empty() ? gateway_protocol::read_charge(key, out.status, out.body)
                                     : unanswered(out);
    auto next = http_caller::clock::now() + first_pause * (1 << std::min(state->made - 1, 6));
    if (meaning.again && state->made < options_.tries && next < state->give_up_at)
      return try_charge(state, next);
    tell_unknown("charge", key, meaning.reply.answer == gateway_answer::unknown,
                 meaning.reply.reason);
    state->then(std::move(meaning.reply));
  }

  static gateway_protocol::charge_meaning unanswered(const http_caller::outcome& out) {
    return {{gateway_answer::unknown, {}, out.error}, out.tried};
  }

  static void tell_unknown(std::string_view what, const std::string& key, bool unknown,
                           const std::string& why) {
    if (unknown)
      log::warn("gateway.unknown", {{"call", what}, {"key", key}, {"why", why}});
  }

  const gateway_options options_;
  http_caller caller_; // last: its thread, which calls the above, ends first
};

} // namespace

std::unique_ptr<payment_gateway> make_payment_gateway(gateway_options options) {
  return std::make_unique<client>(std::move(options));
}

} // namespace troupe
