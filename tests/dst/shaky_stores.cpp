#include "tests/dst/shaky_stores.hpp"

#include <stdexcept>

namespace troupe::dst {

namespace {

using trouble = test::fake_orders::trouble;

/// The fault of a store's next write.
test::store_fault fault_of_write(world& in, mishap wait, mishap before, mishap after) {
  if (in.strikes(wait))
    return test::store_fault::wait;
  if (in.strikes(before))
    return test::store_fault::lost_before;
  if (in.strikes(after))
    return test::store_fault::lost_after;
  return test::store_fault::none;
}

void maybe_throw(world& in, mishap when) {
  if (in.strikes(when))
    throw std::runtime_error("a store throws, on purpose");
}

/// Called before a write and after it: a fence, a kill or a customer may come between.
void maybe_slow(world& in, mishap how) {
  if (in.strikes(how))
    in.stand_still(std::chrono::milliseconds(in.dice.between(50, 4000)));
}

std::string_view name_of(payment_write::kind k) {
  constexpr std::array names = {"begin", "outcome", "refund_begin", "refund_retry", "refund_end"};
  return names.at(static_cast<size_t>(k));
}

} // namespace

// ---- orders
// --------------------------------------------------------------------------------------

shaky_orders::shaky_orders(world& in, int64_t incarnation)
    : in_(in), inner_(in.orders->store(incarnation)) {}

void shaky_orders::choose_trouble(std::span<const write_set> sets) {
  if (in_.strikes(mishap::orders_wait))
    return in_.orders->fail_next_commit(trouble::wait);
  if (in_.strikes(mishap::orders_lost_before))
    return in_.orders->fail_next_commit(trouble::lost_before);
  if (in_.strikes(mishap::orders_lost_after))
    return in_.orders->fail_next_commit(trouble::lost_after);
  for (const auto& set : sets)
    if (set.current.version > 0 && in_.strikes(mishap::orders_conflict, set.current.id))
      in_.orders->conflict_next(set.current.id);
}

std::vector<commit_result> shaky_orders::commit(std::span<const write_set> sets) {
  maybe_throw(in_, mishap::worker_throws_before);
  if (in_.broken == sabotage::answer_before_commit && in_.strikes(mishap::orders_lost_before))
    return answer_too_early(sets);
  maybe_slow(in_, mishap::orders_slow);
  if (inner_->connected())
    choose_trouble(sets);
  auto results = inner_->commit(sets);
  note_all(sets, results, "commits");
  maybe_slow(in_, mishap::orders_slow);
  maybe_throw(in_, mishap::worker_throws_after);
  return results;
}

std::vector<commit_result> shaky_orders::answer_too_early(std::span<const write_set> sets) {
  commit_result early;
  early.outcome = commit_outcome::committed;
  early.time = in_.now;
  return std::vector<commit_result>(sets.size(), early);
}

std::vector<commit_result> shaky_orders::settle(std::span<const write_set> sets) {
  auto results = inner_->settle(sets);
  note_all(sets, results, "settles");
  return results;
}

void shaky_orders::note_all(std::span<const write_set> sets,
                            const std::vector<commit_result>& results, const char* how) {
  constexpr std::array outcomes = {"committed", "conflict", "duplicate", "failed"};
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto& step = sets[i].step;
    std::string what = how;
    what += " " + std::string(to_string(step.status)) + "/" + std::string(to_string(step.payment));
    what += step.advances ? " over " : " columns of ";
    what += std::to_string(sets[i].current.version) + ": "
            + outcomes.at(static_cast<size_t>(results[i].outcome));
    if (results[i].at != 0)
      what += " at " + std::to_string(results[i].at);
    in_.note(sets[i].current.id, std::move(what));
  }
}

shaky_reads::shaky_reads(world& in) : in_(in), inner_(in.orders->queries()) {}

std::vector<order> shaky_reads::load(std::span<const std::string> ids) {
  maybe_throw(in_, mishap::reader_throws);
  return inner_->load(ids);
}

std::vector<overdue_order> shaky_reads::overdue(std::span<const int32_t> shards, int limit,
                                                const overdue_order& after) {
  maybe_throw(in_, mishap::reader_throws);
  return inner_->overdue(shards, limit, after);
}

std::vector<outgoing_event> shaky_reads::events_of(std::span<const std::string> ids) {
  maybe_throw(in_, mishap::reader_throws);
  return inner_->events_of(ids);
}

// ---- stock
// ---------------------------------------------------------------------------------------

shaky_stock::shaky_stock(world& in, int64_t incarnation)
    : fake_inventory_store(in.stock, 5, incarnation), in_(in) {}

std::vector<stock_result> shaky_stock::apply(std::span<const stock_input> inputs) {
  maybe_throw(in_, mishap::worker_throws_before);
  maybe_slow(in_, mishap::stock_slow);
  session.faults.assign(1, fault_of_write(in_, mishap::stock_wait, mishap::stock_lost_before,
                                          mishap::stock_lost_after));
  auto results = fake_inventory_store::apply(inputs);
  if (in_.broken == sabotage::answers_once)
    for (auto& r : results)
      std::erase_if(r.events, [](const auto& answer) { return !answer.fresh; });
  for (size_t i = 0; i < inputs.size(); ++i)
    for (const auto& answer : results[i].events)
      in_.note(inputs[i].order_id, "stock: " + inputs[i].origin.topic + " gives "
                                       + answer.event.what.topic + (answer.fresh ? "" : " again"));
  maybe_slow(in_, mishap::stock_slow);
  maybe_throw(in_, mishap::worker_throws_after);
  return results;
}

// ---- payments
// ------------------------------------------------------------------------------------

shaky_payments::shaky_payments(world& in, int64_t incarnation)
    : fake_payment_store(in.payments, incarnation), in_(in) {}

std::vector<payment_result> shaky_payments::write(std::span<const payment_write> steps) {
  maybe_throw(in_, mishap::worker_throws_before);
  maybe_slow(in_, mishap::payments_slow);
  session.faults.assign(1, fault_of_write(in_, mishap::payments_wait, mishap::payments_lost_before,
                                          mishap::payments_lost_after));
  auto results = fake_payment_store::write(steps);
  for (size_t i = 0; i < steps.size(); ++i)
    in_.note(steps[i].attempt.order_id, "payment: " + std::string(name_of(steps[i].what))
                                            + " of attempt "
                                            + std::to_string(steps[i].attempt.attempt) + " "
                                            + std::string(to_string(results[i].now.status))
                                            + (results[i].written ? "" : ", not written"));
  maybe_slow(in_, mishap::payments_slow);
  maybe_throw(in_, mishap::worker_throws_after);
  return results;
}

// ---- emailing
// ------------------------------------------------------------------------------------

shaky_emailing::shaky_emailing(world& in) : emailing_session(in.emailing), in_(in) {}

notice_outcome shaky_emailing::apply(std::span<const notice> notices) {
  maybe_throw(in_, mishap::worker_throws_before);
  maybe_slow(in_, mishap::emailing_slow);
  in_.emailing->faults.assign(1, fault_of_write(in_, mishap::emailing_wait,
                                                mishap::emailing_lost_before,
                                                mishap::emailing_lost_after));
  auto outcome = emailing_session::apply(notices);
  maybe_slow(in_, mishap::emailing_slow);
  maybe_throw(in_, mishap::worker_throws_after);
  return outcome;
}

std::vector<std::string> shaky_mail::send(std::span<const mail> all) {
  std::vector<std::string> wrong;
  for (const auto& what : all) {
    wrong.emplace_back(in_.strikes(mishap::mail_fails) ? "the mail fails, on purpose" : "");
    if (wrong.back().empty())
      in_.mailed.insert(what.message_id);
  }
  return wrong;
}

} // namespace troupe::dst
