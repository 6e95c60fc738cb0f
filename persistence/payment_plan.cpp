#include "persistence/payment_plan.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace troupe {

namespace {

using kind = payment_write::kind;

/// How a step changes `row`, or false when the row has moved on. Journal kind in `what`.
bool change(payment_attempt& row, const payment_write& step, std::string_view& what) {
  const bool refund_runs = row.refund == refund_status::pending;
  switch (step.what) {
    case kind::begin:
      return false;
    case kind::outcome:
      if (row.status != attempt_status::pending || step.attempt.status == attempt_status::pending)
        return false;
      row.status = step.attempt.status;
      row.transaction_id = step.attempt.transaction_id;
      row.reason = step.attempt.reason;
      what = to_string(row.status);
      return true;
    case kind::refund_begin:
      if (row.status != attempt_status::captured || row.refund != refund_status::none)
        return false;
      row.refund = refund_status::pending;
      what = "REFUND_PENDING";
      return true;
    case kind::refund_retry:
      return refund_runs;
    case kind::refund_end:
      if (!refund_runs
          || (step.attempt.refund != refund_status::refunded
              && step.attempt.refund != refund_status::refused))
        return false;
      row.refund = step.attempt.refund;
      what = to_string(row.refund);
      return true;
  }
  return false;
}

class payment_planner {
public:
  payment_planner(payment_view view, const std::function<position()>& next)
      : view_(std::move(view)), next_(next) {}

  void handle(const payment_write& step) {
    payment_result result;
    const auto found = view_.find(step.attempt.order_id);
    const bool known
        = found != view_.end() && found->second.attempts.contains(step.attempt.attempt);
    if (!known && step.what != kind::begin) {
      result.now.order_id = step.attempt.order_id;
    } else if (!known) {
      begin(step, result);
    } else {
      auto& file = found->second;
      auto& row = file.attempts.at(step.attempt.attempt);
      std::string_view what;
      result.written = change(row, step, what);
      if (result.written)
        write(file, row, step, what, result);
      result.now = row;
      result.now.step = file.step;
    }
    plan_.results.push_back(std::move(result));
  }

  payment_plan finish() {
    for (const auto& [order_id, attempt] : touched_) {
      const auto& file = view_.at(order_id);
      const auto& row = file.attempts.at(attempt);
      const auto trace = file.traceparents.find(attempt);
      payment_plan::attempt_change change;
      change.now = row;
      change.insert = begun_.contains({order_id, attempt});
      if (trace != file.traceparents.end())
        change.traceparent = trace->second;
      if (row.refund == refund_status::pending)
        change.due = due_.at({order_id, attempt});
      change.tried = tried_.contains({order_id, attempt});
      plan_.attempts.push_back(std::move(change));
      if (plan_.payments.empty() || plan_.payments.back().order_id != order_id)
        plan_.payments.push_back(sum(order_id, file));
    }
    return std::move(plan_);
  }

private:
  using attempt_id = std::pair<std::string, int32_t>;

  void begin(const payment_write& step, payment_result& result) {
    auto& file = view_[step.attempt.order_id];
    payment_attempt row;
    row.order_id = step.attempt.order_id;
    row.attempt = step.attempt.attempt;
    row.amount = step.attempt.amount;
    auto& stored = file.attempts.emplace(row.attempt, row).first->second;
    begun_.insert({row.order_id, row.attempt});
    write(file, stored, step, "BEGUN", result);
    result.written = true;
    result.now = stored;
    result.now.step = file.step;
  }

  /// Notes the change of `row`; journals it as `what`, unless that is empty.
  void write(payment_file& file, const payment_attempt& row, const payment_write& step,
             std::string_view what, payment_result& result) {
    touched_.insert({row.order_id, row.attempt});
    if (step.what == kind::refund_retry)
      tried_.insert({row.order_id, row.attempt});
    if (row.refund == refund_status::pending)
      due_[{row.order_id, row.attempt}]
          = step.what == kind::refund_retry ? step.delay : std::chrono::milliseconds(0);
    if (step.what == kind::refund_begin)
      file.traceparents[row.attempt] = step.traceparent;
    if (what.empty())
      return;
    ++file.step;
    payment_plan::journal_entry entry{next_(), row.order_id, row.attempt, file.step, what, {}};
    if (row.refund == refund_status::refunded) {
      const auto& asked_by = file.traceparents[row.attempt];
      entry.events.push_back(
          refunded_event(row, step.traceparent.empty() ? asked_by : step.traceparent));
      result.events.push_back(
          {service::payment, entry.at, 0, entry.step, {}, entry.events.front()});
    }
    plan_.journal.push_back(std::move(entry));
  }

  static payment_plan::payment_change sum(const std::string& order_id, const payment_file& file) {
    payment_plan::payment_change change;
    change.order_id = order_id;
    change.status = payment_sum(file);
    change.step = file.step;
    for (const auto& [number, row] : file.attempts) {
      change.amount = row.amount;
      if (row.status == attempt_status::captured)
        change.transaction_id = row.transaction_id;
    }
    return change;
  }

  payment_view view_;
  const std::function<position()>& next_;
  payment_plan plan_;
  std::set<attempt_id> touched_, begun_, tried_;
  std::map<attempt_id, std::chrono::milliseconds> due_;
};

} // namespace

payment_plan plan_payments(payment_view view, std::span<const payment_write> steps,
                           const std::function<position()>& next) {
  payment_planner plan(std::move(view), next);
  for (const auto& step : steps)
    plan.handle(step);
  return plan.finish();
}

void stamp(payment_plan& plan, const std::map<position, timestamp>& times) {
  for (auto& result : plan.results)
    for (auto& e : result.events)
      if (const auto found = times.find(e.at); found != times.end())
        e.time = found->second;
}

payment_status payment_sum(const payment_file& file) {
  auto any = [&](auto is) {
    return std::any_of(file.attempts.begin(), file.attempts.end(),
                       [&](const auto& entry) { return is(entry.second); });
  };
  // A refused refund is money that is still owed: it stays visible.
  if (any([](const payment_attempt& a) {
        return a.refund == refund_status::pending || a.refund == refund_status::refused;
      }))
    return payment_status::refund_pending;
  if (any([](const payment_attempt& a) {
        return a.status == attempt_status::captured && a.refund == refund_status::none;
      }))
    return payment_status::success;
  if (any([](const payment_attempt& a) { return a.status == attempt_status::pending; }))
    return payment_status::pending;
  if (any([](const payment_attempt& a) { return a.refund == refund_status::refunded; }))
    return payment_status::refunded;
  return payment_status::failed;
}

} // namespace troupe
