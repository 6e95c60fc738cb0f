#include "tests/support/fake_payment_gateway.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe::test {

namespace {

constexpr const char* declines = "4000000000000002";
constexpr const char* times_out = "4000000000000119";

const gateway_reply no_answer{gateway_answer::unknown, {}, "no answer"};

gateway_reply reply_of(const fake_payment_gateway::entry& line) {
  if (line.status == "captured")
    return {gateway_answer::captured, line.transaction_id, {}};
  if (line.status == "declined")
    return {gateway_answer::declined, {}, line.reason};
  return {gateway_answer::voided, {}, line.reason};
}

} // namespace

void fake_payment_gateway::charge(charge_request what, charged then) {
  ++charge_calls_;
  gateway_fault meets = gateway_fault::none;
  if (!faults_.empty()) {
    meets = faults_.front();
    faults_.pop_front();
  }
  auto answer_later
      = [&](const gateway_reply& reply) { due_.emplace_back([then, reply] { then(reply); }); };
  if (down_ || meets == gateway_fault::lost_before)
    return answer_later(no_answer);
  if (meets == gateway_fault::silent || what.card_number == times_out) {
    silent_.emplace_back([then] { then(no_answer); });
    return;
  }
  if (meets == gateway_fault::late) {
    delayed_.push_back(std::move(what));
    return answer_later(no_answer);
  }
  auto reply = present(what);
  // The real client asks again with the same key, and learns what the broken connection kept
  // from it: so does the card here. A test that wants the loss uses the fault.
  answer_later(meets == gateway_fault::captured_then_unknown ? no_answer : reply);
}

void fake_payment_gateway::void_charge(const std::string& key, charged then) {
  ++void_calls_;
  gateway_reply reply = no_answer;
  if (!down_) {
    auto [at, fresh] = books_.try_emplace(key);
    if (fresh) {
      at->second.kind = "charge";
      at->second.status = "voided";
      at->second.reason = "Voided before it was charged.";
    }
    if (at->second.kind == "charge")
      reply = reply_of(at->second);
  }
  due_.emplace_back([then = std::move(then), reply] { then(reply); });
}

void fake_payment_gateway::refund(const std::string& key, const std::string& charge_key,
                                  cents amount, refunded then) {
  ++refund_calls_;
  refund_reply reply{refund_answer::unknown, "no answer"};
  if (!down_)
    reply = give_back(key, charge_key, amount);
  due_.emplace_back([then = std::move(then), reply] { then(reply); });
}

gateway_reply fake_payment_gateway::present(const charge_request& what) {
  auto [at, fresh] = books_.try_emplace(what.key);
  auto& line = at->second;
  if (fresh) {
    bool declined = what.card_number == declines;
    line.kind = "charge";
    line.status = declined ? "declined" : "captured";
    line.order_id = what.order_id;
    line.amount = what.amount;
    if (declined)
      line.reason = "The card was declined.";
    else
      line.transaction_id = "tx" + std::to_string(++transactions_);
  }
  ++line.calls;
  bool other = line.kind != "charge"
               || (!line.order_id.empty()
                   && (line.order_id != what.order_id || line.amount != what.amount));
  return other ? gateway_reply{gateway_answer::unknown, {}, "HTTP 422"} : reply_of(line);
}

refund_reply fake_payment_gateway::give_back(const std::string& key, const std::string& charge_key,
                                             cents amount) {
  auto [at, fresh] = books_.try_emplace(key);
  auto& line = at->second;
  if (fresh) {
    line.kind = "refund";
    line.status = "refused";
    line.charge_key = charge_key;
    line.amount = amount;
    line.reason = "not a captured, unrefunded charge of that amount";
    auto charge = books_.find(charge_key);
    if (charge != books_.end() && charge->second.kind == "charge"
        && charge->second.status == "captured" && charge->second.amount == amount
        && !charge->second.refunded) {
      charge->second.refunded = true;
      line.status = "refunded";
      line.order_id = charge->second.order_id;
      line.reason.clear();
    }
  }
  ++line.calls;
  if (line.kind != "refund" || line.charge_key != charge_key || line.amount != amount)
    return {refund_answer::unknown, "HTTP 422"};
  if (line.status == "refunded")
    return {refund_answer::refunded, {}};
  return {refund_answer::refused, line.reason};
}

void fake_payment_gateway::next_charges(std::deque<gateway_fault> faults) {
  faults_ = std::move(faults);
}

int fake_payment_gateway::deliver_all() {
  int count = 0;
  while (deliver_one())
    ++count;
  return count;
}

bool fake_payment_gateway::deliver_one() {
  if (hold_ || due_.empty())
    return false;
  auto next = std::move(due_.front());
  due_.pop_front();
  next();
  return true;
}

void fake_payment_gateway::arrive_late() {
  for (const auto& what : std::exchange(delayed_, {}))
    present(what);
}

void fake_payment_gateway::release_silent() {
  std::move(silent_.begin(), silent_.end(), std::back_inserter(due_));
  silent_.clear();
}

int fake_payment_gateway::captured(const std::string& order_id) const {
  return static_cast<int>(std::count_if(books_.begin(), books_.end(), [&](const auto& each) {
    return each.second.order_id == order_id && each.second.status == "captured";
  }));
}

int fake_payment_gateway::refunded_count(const std::string& order_id) const {
  return static_cast<int>(std::count_if(books_.begin(), books_.end(), [&](const auto& each) {
    return each.second.order_id == order_id && each.second.status == "refunded";
  }));
}

} // namespace troupe::test
