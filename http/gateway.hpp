#pragma once
// The `http_gateway` actors: they turn a handler's question into an actor message and complete the
// client's reply when the answer comes. No thread waits for an actor.
//
// Questions are asked with `caf::infinite`, because a finite timeout would outlive its answer in
// CAF's clock; instead one tick per gateway actor looks after the deadlines. A call past its
// deadline is answered 503. What is in flight is bounded, each line by itself, so that a dependency
// that hangs fills its own line and leaves the others alone; past the bound the answer is 503 at
// once; likewise while the process has too much memory.

#include "actors/interfaces.hpp"
#include "http/call.hpp"
#include "telemetry/metrics.hpp"

#include <caf/all.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::http {

/// Who is asked, as far as bounds go.
enum class line : uint8_t {
  orders,
  payments,
  figures,
  catalogue,
  notifications,
  diagnosis,
  letters
};
constexpr int line_count = 7;
std::string_view to_string(line l);

struct gateway_options {
  int actors = 2;
  int max_in_flight = 4096;         ///< questions unanswered, each line
  std::function<bool()> overloaded; ///< true: nothing more is asked; may be empty
  metrics* count = nullptr;         ///< counts what is refused; may be null
  std::chrono::milliseconds tick{200};
  /// A question that nobody has answered so long after its client's deadline never will be: it no
  /// longer counts.
  std::chrono::milliseconds forget_after{60'000};
};

/// One unanswered question. Belongs to one gateway actor; counted in its line until `close`.
class question {
public:
  question(call_ptr client, std::shared_ptr<std::atomic<int>> counted);
  ~question() { close(); }
  question(const question&) = delete;
  question& operator=(const question&) = delete;

  void close();
  bool open() const { return counted_ != nullptr; }
  call& client() const { return *client_; }

  size_t place = 0; ///< of an open one, among those of its gateway actor

private:
  call_ptr client_;
  std::shared_ptr<std::atomic<int>> counted_;
};
using question_ptr = std::shared_ptr<question>;

/// The state of one `http_gateway` actor.
class gateway_state {
public:
  static inline const char* name = "http_gateway";
  using self_ptr = caf::stateful_actor<gateway_state>*;

  ~gateway_state();
  void expect(question_ptr q);
  /// Its answer has come: nothing of it is kept.
  void close(question& q);
  /// Answers the clients whose deadline has passed.
  void look_at_clock(call::clock::time_point now, std::chrono::milliseconds forget_after);

private:
  std::vector<question_ptr> open_;
};

/// What a handler hands to a gateway actor. Local.
struct gateway_job {
  std::function<void(gateway_state::self_ptr)> run;
};

class gateway {
public:
  gateway(caf::actor_system& system, gateway_options options);
  ~gateway() { stop(); }
  gateway(const gateway&) = delete;
  gateway& operator=(const gateway&) = delete;

  /// Sends `message` to `target`; `on_answer(Answer&)` runs on a gateway actor, unless the client
  /// was answered meanwhile. A fault, and what `on_answer` throws, answers the client. Never
  /// blocks; callable from any thread, also from an `on_answer`.
  template <class Answer, class Target, class OnAnswer, class... Message>
  void ask(line in, const Target& target, const call_ptr& client, OnAnswer on_answer,
           Message... message) {
    auto q = target ? admit(in, client) : refuse(*client);
    if (!q)
      return;
    post([q, target, on_answer, message...](gateway_state::self_ptr self) {
      self->state.expect(q);
      self->request(target, caf::infinite, message...)
          .then(
              [self, q, on_answer](Answer& answer) {
                self->state.close(*q);
                if (!q->client().answered())
                  run_step(q->client(), [&] { on_answer(answer); });
              },
              [self, q](const caf::error& why) {
                self->state.close(*q);
                q->client().fail(why);
              });
    });
  }

  /// Unanswered questions of a line.
  int in_flight(line l) const { return *counts_.at(static_cast<size_t>(l)); }

  /// Answers every client that still waits with 503, and ends the actors. Later questions are
  /// refused. Waits for the actors, which never block.
  void stop();

private:
  /// A counted question; null when the line is full: then the client is answered.
  question_ptr admit(line in, const call_ptr& client);
  question_ptr refuse(call& client);
  void post(std::function<void(gateway_state::self_ptr)> run);

  caf::actor_system& system_;
  gateway_options options_;
  std::vector<caf::actor> actors_;
  std::array<std::shared_ptr<std::atomic<int>>, line_count> counts_;
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> stopped_ = false;
  prometheus::Counter* full_ = nullptr;
  prometheus::Counter* overloaded_ = nullptr;
};

} // namespace troupe::http

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::http::gateway_job)
