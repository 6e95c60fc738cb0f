#pragma once
// An actor system on one thread whose messages move only when the test says so, in virtual time.

#include "actors/interfaces.hpp"
#include "telemetry/metrics.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <doctest/doctest.h>

#include <vector>

namespace troupe::test {

class stage {
public:
  stage();
  /// Ends every actor that `keep` was told of, then lets all timeouts fall due: a request's
  /// timeout outlives its answer and holds the requester.
  ~stage();
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;

  /// Ends `who` when the test is over; periodic ticks would otherwise keep the system alive.
  template <class Actor>
  Actor keep(Actor who) {
    kept_.push_back(caf::actor_cast<caf::actor>(who));
    return who;
  }

  /// Lets every message move.
  void run() { time.run(); }
  /// Lets `span` of virtual time pass, message by message.
  void pass(std::chrono::milliseconds span);

  /// Sends and returns the pending request; `run`, then `answer_of` it.
  template <class Actor, class... Message>
  auto send(const Actor& to, Message... message) {
    return self->request(to, caf::infinite, std::move(message)...);
  }

  /// Fails the test when there is none: what has run has answered, so none would ever come.
  template <class T, class Pending>
  caf::expected<T> answer_of(Pending&& pending) {
    caf::expected<T> result = caf::make_error(caf::sec::none);
    bool answered = true;
    caf::blocking_actor::accept_one_cond once;
    self->varargs_receive(
        once, pending.id(), [&](T& x) { result = std::move(x); },
        [&](caf::error& e) { result = std::move(e); },
        caf::after(std::chrono::seconds(0)) >> [&] { answered = false; });
    if (!answered)
      FAIL("whoever was asked has not answered");
    return result;
  }

  /// Sends, lets everything run, and returns the answer or the error.
  template <class T, class Actor, class... Message>
  caf::expected<T> ask(const Actor& to, Message... message) {
    auto pending = send(to, std::move(message)...);
    run();
    return answer_of<T>(pending);
  }

  metrics count; ///< outlives the actors, which count until they end
  caf::actor_system_config cfg;
  caf::actor_system sys;
  caf::scoped_actor self;
  caf::scheduler::test_coordinator& time;

private:
  static caf::actor_system_config& on_coordinator(caf::actor_system_config& cfg);

  std::vector<caf::actor> kept_;
};

/// Long enough for what actors do a few times a second.
inline constexpr std::chrono::seconds a_while{2};

template <class T>
troupe::fault fault_of(const caf::expected<T>& answer) {
  return answer ? troupe::fault::none : troupe::fault_of(answer.error());
}

} // namespace troupe::test
