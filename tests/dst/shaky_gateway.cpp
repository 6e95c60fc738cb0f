#include "tests/dst/shaky_gateway.hpp"

#include "tests/dst/world.hpp"

#include <optional>
#include <utility>

namespace troupe::dst {

namespace {

using milliseconds = std::chrono::milliseconds;

/// How a charge goes: when it arrives (if at all), when its answer does.
struct way {
  bool arrives = true;
  bool answered = true;
  milliseconds arrival{0}, answer{0};
};

/// The client gives up after ten seconds; what is under way then may still arrive.
way way_of_charge(world& in, const std::string& order) {
  way w;
  w.arrival = milliseconds(in.dice.between(1, 40));
  w.answer = w.arrival + milliseconds(in.dice.between(1, 40));
  const auto gives_up = milliseconds(in.dice.between(3000, 10000));
  if (in.strikes(mishap::charge_lost, order))
    w = {false, false, {}, gives_up};
  else if (in.strikes(mishap::charge_unanswered, order))
    w = {true, false, w.arrival, gives_up};
  else if (in.strikes(mishap::charge_late, order))
    w = {true, false, gives_up + milliseconds(in.dice.between(1, 60000)), gives_up};
  else if (in.strikes(mishap::charge_slow, order))
    w.answer = milliseconds(in.dice.between(1000, 10000));
  return w;
}

std::string order_of(const std::string& key) {
  const auto end = key.rfind(':');
  const auto begin = key.find(':') == end ? 0 : key.find(':') + 1; // refund:<order>:<attempt>
  return key.substr(begin, end - begin);
}

std::string_view name_of(gateway_answer a) {
  switch (a) {
    case gateway_answer::captured:
      return "captured";
    case gateway_answer::declined:
      return "declined";
    case gateway_answer::voided:
      return "voided";
    case gateway_answer::unknown:
      break;
  }
  return "unknown";
}

/// The fake's answer, at once.
template <class Reply, class Call>
Reply ask(world& in, Call call) {
  Reply reply;
  call([&reply](Reply r) { reply = std::move(r); });
  in.gateway->deliver_all();
  return reply;
}

/// Calls after a moment and answers after another; `lost`: the call or its answer.
template <class Reply, class Call>
void round_trip(world& in, bool lost, Call call, std::function<void(Reply)> then) {
  const bool arrives = !lost || in.dice.percent(50);
  const auto arrival = milliseconds(in.dice.between(1, 40));
  in.later(arrival, [&in, lost, arrives, call, then = std::move(then)] {
    Reply reply;
    if (arrives)
      reply = ask<Reply>(in, call);
    if (lost)
      reply = {};
    const auto answer = milliseconds(lost ? in.dice.between(1000, 3000) : in.dice.between(1, 40));
    in.later(answer, [reply, then] { then(reply); });
  });
}

} // namespace

void shaky_gateway::charge(charge_request what, charged then) {
  const auto w = way_of_charge(in_, what.order_id);
  auto reply = std::make_shared<gateway_reply>();
  if (in_.broken == sabotage::unknown_is_failed)
    reply->answer = gateway_answer::declined;
  if (w.arrives)
    in_.later(w.arrival, [&in = in_, what, reply, answered = w.answered] {
      const auto got
          = ask<gateway_reply>(in, [&](auto box) { in.gateway->charge(what, std::move(box)); });
      in.note(what.order_id,
              "gateway: charge " + what.key + " is " + std::string(name_of(got.answer)));
      if (answered)
        *reply = got;
    });
  in_.later(w.answer, [reply, then = std::move(then)] { then(*reply); });
}

void shaky_gateway::void_charge(const std::string& key, charged then) {
  if (in_.broken == sabotage::no_void)
    return in_.later(milliseconds(1), [then = std::move(then)] {
      then({gateway_answer::voided, {}, "voided on paper"});
    });
  const bool lost = in_.strikes(mishap::void_unanswered, order_of(key));
  const auto call = [&in = in_, key](charged box) {
    in.gateway->void_charge(key, [&in, key, box = std::move(box)](gateway_reply r) {
      in.note(order_of(key), "gateway: void " + key + " is " + std::string(name_of(r.answer)));
      box(std::move(r));
    });
  };
  round_trip<gateway_reply>(in_, lost, call, std::move(then));
}

void shaky_gateway::refund(const std::string& key, const std::string& charge_key, cents amount,
                           refunded then) {
  const bool lost = in_.strikes(mishap::refund_unanswered, order_of(key));
  const auto call = [&in = in_, key, charge_key, amount](refunded box) {
    in.note(order_of(key), "gateway: " + key);
    in.gateway->refund(key, charge_key, amount, std::move(box));
  };
  round_trip<refund_reply>(in_, lost, call, std::move(then));
}

} // namespace troupe::dst
