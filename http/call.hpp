#pragma once
// One request on its way through the actors: what was asked, until when, and the right to answer.
// Shared by everybody who might answer (the actor's answer, its fault, the deadline): the first one
// does, the rest is ignored. Callable from any thread.

#include "http/problem.hpp"
#include "http/reply.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace caf {
class error;
} // namespace caf

namespace troupe::http {

/// Ends a handler with a problem for the client. Thrown by the helpers that check what was asked;
/// whoever runs handlers turns it into the answer.
class refused : public std::exception {
public:
  explicit refused(problem why) : why_(std::move(why)) {}
  const problem& why() const { return why_; }
  const char* what() const noexcept override { return why_.code.c_str(); }

private:
  problem why_;
};

class call {
public:
  using clock = std::chrono::steady_clock;

  call(request what, reply to, clock::time_point answer_by);

  const request asked;
  const std::string traceparent; ///< the caller's, or a fresh one
  const clock::time_point deadline;

  void answer(response what);
  void fail(const problem& why);
  /// By the fault table. What is no client's business is logged, with the trace.
  void fail(const caf::error& why);

  /// Answers with a stream; one that nobody reads when it is answered already.
  reply_stream stream(response head);

  bool answered() const { return answered_; }
  /// Most likely nobody reads the answer any more. Only for whoever alone answers.
  bool client_gone() const noexcept { return to_.client_gone(); }

private:
  reply to_;
  std::atomic<bool> answered_ = false;
};
using call_ptr = std::shared_ptr<call>;

/// Runs `step` of `c`'s handling: what it throws becomes the answer.
template <class F>
void run_step(call& c, F&& step);

/// The answer to the exception in flight; call it in a handler of one only.
void fail_with_current(call& c) noexcept;

template <class F>
void run_step(call& c, F&& step) {
  try {
    std::forward<F>(step)();
  } catch (...) {
    fail_with_current(c);
  }
}

} // namespace troupe::http
