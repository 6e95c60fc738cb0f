#include "sim/recorder.hpp"

#include "domain/names.hpp"

#include <algorithm>
#include <numeric>

namespace troupe::sim {

namespace {

using std::chrono::microseconds;

constexpr std::chrono::seconds one_second{1};

constexpr names::table<call_count> call_names
    = {"list products",  "get product",        "create order",         "pay",
       "get order",      "wait order",         "stream order",         "cancel order",
       "list orders",    "list notifications", "stream notifications", "read notification",
       "dispatch order", "deliver order",      "list inventory",       "edit product",
       "other"};

constexpr names::table<outcome_count> outcome_names
    = {"ok", "refused", "busy", "failed", "broken", "timed out"};

int64_t in_microseconds(recorder::clock::duration d) {
  return std::chrono::duration_cast<microseconds>(d).count();
}

bool tells_latency(outcome how) {
  return how == outcome::ok || how == outcome::refused || how == outcome::timed_out;
}

} // namespace

std::string_view to_string(call c) {
  return names::name_of(call_names, c);
}

std::string_view to_string(outcome o) {
  return names::name_of(outcome_names, o);
}

uint64_t sum(const outcomes& of) {
  return std::accumulate(of.begin(), of.end(), uint64_t{0});
}

uint64_t errors(const outcomes& of) {
  return sum(of) - of[static_cast<size_t>(outcome::ok)] - of[static_cast<size_t>(outcome::refused)];
}

recorder::recorder(time_point start) : start_(start), second_(start), cpu_told_at_(start) {}

void recorder::begin(call what) {
  ++totals_[static_cast<size_t>(what)].in_flight;
}

void recorder::end(call what, outcome how, time_point intended_start, time_point now) {
  close_until(now);
  auto& total = totals_[static_cast<size_t>(what)];
  auto& current = current_[static_cast<size_t>(what)];
  --total.in_flight;
  ++total.outcomes[static_cast<size_t>(how)];
  ++current.outcomes[static_cast<size_t>(how)];
  if (what == call::create_order && how == outcome::ok)
    faults_.order_placed(intended_start, now);
  if (!tells_latency(how))
    return;
  const auto latency = in_microseconds(now - intended_start);
  total.latency.record(latency);
  current.latency.record(latency);
}

void recorder::abandon(call what) {
  --totals_[static_cast<size_t>(what)].in_flight;
}

void recorder::moved(std::optional<order_status> from, order_status to) {
  if (from)
    --orders_[static_cast<size_t>(*from)];
  ++orders_[static_cast<size_t>(to)];
}

void recorder::lag(clock::duration late) {
  const auto us = in_microseconds(late);
  lags_.record(us);
  lag_us_ = std::max(lag_us_, us);
}

void recorder::tick(time_point now, std::chrono::nanoseconds cpu) {
  if (!cpu_told_) {
    cpu_told_ = cpu;
    cpu_told_at_ = now;
  } else if (now - cpu_told_at_ >= one_second) {
    const std::chrono::duration<double> used = cpu - *cpu_told_, passed = now - cpu_told_at_;
    cpu_ = used / passed;
    cpu_told_ = cpu;
    cpu_told_at_ = now;
  }
  close_until(now);
}

void recorder::finish(time_point now) {
  close_until(now);
  if (now > second_)
    close_second();
  elapsed_ = now - start_;
}

int64_t recorder::in_flight() const {
  int64_t all = 0;
  for (const auto& one : totals_)
    all += one.in_flight;
  return all;
}

size_t recorder::seconds_at_own_limit() const {
  return static_cast<size_t>(
      std::count_if(rows_.begin(), rows_.end(), [](const row& r) { return r.own_limit; }));
}

void recorder::close_until(time_point now) {
  while (now - second_ >= one_second) {
    close_second();
    second_ += one_second;
    elapsed_ = second_ - start_;
  }
}

void recorder::close_second() {
  row closed;
  for (size_t i = 0; i < call_count; ++i) {
    auto& current = current_[i];
    closed.calls[i]
        = {current.outcomes, current.latency.percentile(50), current.latency.percentile(99)};
    current.outcomes = {};
    current.latency.clear();
  }
  closed.orders = orders_;
  closed.in_flight = in_flight();
  closed.lag_us = lag_us_;
  closed.cpu = cpu_;
  closed.own_limit = lag_us_ >= in_microseconds(lag_limit) || cpu_ >= cpu_limit;
  lag_us_ = 0;
  if (rows_.size() < most_rows)
    rows_.push_back(closed);
}

} // namespace troupe::sim
