#include "sim/fault_runner.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace troupe::sim {

namespace {

/// How often it is looked whether a fault has met something, and whether it was recovered from.
constexpr std::chrono::milliseconds between_looks{200};

/// `what`, done to the fault's node if it is done to one.
std::string command(std::string_view what, const planned_fault& fault) {
  return fault_kinds.at(fault.kind).of_node() ? fmt::format("{} {}", what, fault.node)
                                              : std::string(what);
}

} // namespace

fault_runner::fault_runner(std::vector<planned_fault> plan, breakable& system, fault_log& log,
                           clock::time_point start, std::chrono::milliseconds recovery_limit)
    : plan_(std::move(plan)),
      system_(system),
      log_(log),
      start_(start),
      recovery_limit_(recovery_limit),
      thread_([this] { run(); }) {}

fault_runner::~fault_runner() {
  stop();
}

bool fault_runner::done() const {
  std::lock_guard lock(mutex_);
  return done_;
}

void fault_runner::request_stop() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void fault_runner::stop() {
  request_stop();
  if (thread_.joinable())
    thread_.join();
}

std::vector<std::string> fault_runner::complaints() const {
  std::lock_guard lock(mutex_);
  auto all = complaints_;
  if (const auto done = log_.all().size(); done < plan_.size())
    all.push_back(fmt::format("only {} of {} faults were done", done, plan_.size()));
  return all;
}

void fault_runner::run() {
  try {
    for (const auto& fault : plan_) {
      if (!wait_until(start_ + fault.at) || !carry_out(fault))
        break;
    }
  } catch (const std::exception& e) {
    complain(e.what());
  }
  std::lock_guard lock(mutex_);
  done_ = true;
}

bool fault_runner::carry_out(const planned_fault& fault) {
  const auto& kind = fault_kinds.at(fault.kind);
  const std::string name(kind.name);
  const auto number = log_.fired(name, clock::now());
  const auto done = system_.tell(command(name, fault));
  const auto until = clock::now() + fault.hold;
  if (!done.ok)
    complain(name + ": did not take effect: " + done.seen);
  else if (kind.look.empty())
    log_.confirmed(number, done.seen, clock::now());
  else
    confirm(number, fault, until);
  if (!kind.mend.empty()) {
    wait_until(until);
    const auto mend = command(kind.mend, fault);
    if (const auto mended = system_.tell(mend); !mended.ok) {
      complain(mend + ": " + mended.seen);
      return false;
    }
  }
  log_.ended(number, clock::now());
  return !log_.all().at(number).confirmed || await_recovery(number, name);
}

void fault_runner::confirm(size_t number, const planned_fault& fault, clock::time_point until) {
  const auto& kind = fault_kinds.at(fault.kind);
  for (;;) {
    const auto look = system_.tell(command(kind.look, fault));
    if (look.ok)
      return log_.confirmed(number, look.seen, clock::now());
    const auto next = clock::now() + between_looks;
    if (next > until || !wait_until(next))
      return complain(std::string(kind.name) + ": did not take effect: " + look.seen);
  }
}

/// Before the next fault, which would else be measured together with this one.
bool fault_runner::await_recovery(size_t number, const std::string& name) {
  const auto limit = clock::now() + recovery_limit_;
  while (!log_.all().at(number).recovered) {
    const auto next = clock::now() + between_looks;
    const bool late = next > limit;
    if (!late && wait_until(next))
      continue;
    complain(name + ": no order was placed "
             + (late ? fmt::format("within {} s after it", recovery_limit_.count() / 1000)
                     : "after it, until the load ended"));
    return false;
  }
  return true;
}

bool fault_runner::wait_until(clock::time_point when) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_until(lock, when, [this] { return stopping_; });
}

void fault_runner::complain(std::string what) {
  std::lock_guard lock(mutex_);
  complaints_.push_back(std::move(what));
}

} // namespace troupe::sim
