#include "tests/support/fake_payment_store.hpp"

#include <algorithm>

namespace troupe::test {

fake_payment_store::fake_payment_store(std::shared_ptr<fake_payments> db, int64_t incarnation)
    : session(service::payment, db->journal, incarnation),
      db_(std::move(db)),
      incarnation_(incarnation) {}

void fake_payment_store::need_session() const {
  if (!session.connected())
    throw store_error(store_failure::lost, "not connected");
}

std::vector<payment_result> fake_payment_store::write(std::span<const payment_write> steps) {
  session.before_write();
  payment_view view;
  for (const auto& step : steps)
    if (const auto found = db_->orders.find(step.attempt.order_id); found != db_->orders.end())
      view.insert(*found);
  auto plan = plan_payments(std::move(view), steps, [this] { return session.next_position(); });
  std::map<position, timestamp> times;
  for (const auto& row : plan.journal)
    times[row.at] = db_->journal->tick();
  stamp(plan, times);
  keep(plan, times);
  for (const auto& result : plan.results)
    db_->refund_events.insert(db_->refund_events.end(), result.events.begin(), result.events.end());
  session.after_write();
  return std::move(plan.results);
}

void fake_payment_store::keep(const payment_plan& plan,
                              const std::map<position, timestamp>& times) {
  for (const auto& p : plan.payments)
    db_->orders[p.order_id].step = p.step;
  for (const auto& change : plan.attempts) {
    const fake_payments::attempt_id id{change.now.order_id, change.now.attempt};
    auto& file = db_->orders[change.now.order_id];
    file.attempts[change.now.attempt] = change.now;
    file.traceparents[change.now.attempt] = change.traceparent;
    if (change.insert)
      db_->begun_by[id] = incarnation_;
    db_->due.erase(id);
    if (change.due)
      db_->due[id] = db_->journal->now + *change.due;
  }
  for (const auto& row : plan.journal)
    db_->journal->rows[row.at] = {row.step, times.at(row.at), row.events};
}

std::vector<payment_attempt> fake_payment_store::attempts(std::span<const std::string> order_ids) {
  need_session();
  std::vector<payment_attempt> all;
  for (const auto& [id, file] : db_->orders)
    if (std::find(order_ids.begin(), order_ids.end(), id) != order_ids.end())
      for (auto [number, attempt] : file.attempts) {
        attempt.step = file.step;
        all.push_back(std::move(attempt));
      }
  return all;
}

std::vector<payment_attempt> fake_payment_store::abandoned(int limit, const std::string& after) {
  need_session();
  std::map<std::string, payment_attempt> found;
  for (const auto& [id, incarnation] : db_->begun_by) {
    const auto& file = db_->orders.at(id.first);
    auto attempt = file.attempts.at(id.second);
    attempt.step = file.step;
    if (attempt.status == attempt_status::pending && db_->fenced.contains(incarnation)
        && charge_key(id.first, id.second) > after)
      found.emplace(charge_key(id.first, id.second), std::move(attempt));
  }
  std::vector<payment_attempt> all;
  for (auto& [key, attempt] : found)
    if (static_cast<int>(all.size()) < limit)
      all.push_back(std::move(attempt));
  return all;
}

std::vector<payment_attempt> fake_payment_store::due_refunds(int limit,
                                                             std::chrono::milliseconds lease) {
  need_session();
  std::vector<payment_attempt> all;
  for (auto& [id, at] : db_->due) {
    if (at > db_->journal->now || static_cast<int>(all.size()) == limit)
      continue;
    const auto& file = db_->orders.at(id.first);
    all.push_back(file.attempts.at(id.second));
    all.back().step = file.step;
    at = db_->journal->now + lease;
  }
  return all;
}

std::vector<outgoing_event>
fake_payment_store::refund_events(std::span<const std::string> order_ids) {
  need_session();
  std::vector<outgoing_event> all;
  for (const auto& e : db_->refund_events)
    if (std::find(order_ids.begin(), order_ids.end(), e.what.key) != order_ids.end())
      all.push_back(e);
  return all;
}

} // namespace troupe::test
