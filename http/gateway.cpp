#include "http/gateway.hpp"

#include "http/fault_table.hpp"
#include "http/request_rates.hpp"

#include <algorithm>

namespace troupe::http {

namespace {

problem too_late() {
  auto result = problem_of(fault::unavailable, "No answer came in time; it may still take effect.");
  result.code = "timeout";
  return result;
}

caf::behavior gateway_behavior(gateway_state::self_ptr self, const gateway_options& options) {
  self->delayed_send(self, options.tick, tick_atom::value);
  return {
      [self](const gateway_job& job) { job.run(self); },
      [self, options](tick_atom) {
        self->state.look_at_clock(call::clock::now(), options.forget_after);
        self->delayed_send(self, options.tick, tick_atom::value);
      },
  };
}

} // namespace

std::string_view to_string(line l) {
  constexpr std::array<std::string_view, line_count> names
      = {"orders", "payments", "figures", "catalogue", "notifications", "diagnosis", "letters"};
  return names.at(static_cast<size_t>(l));
}

question::question(call_ptr client, std::shared_ptr<std::atomic<int>> counted)
    : client_(std::move(client)), counted_(std::move(counted)) {}

void question::close() {
  if (auto counted = std::exchange(counted_, nullptr))
    --*counted;
}

gateway_state::~gateway_state() {
  for (const auto& q : open_)
    q->client().fail(problem_of(fault::unavailable, {}));
}

void gateway_state::expect(question_ptr q) {
  q->place = open_.size();
  open_.push_back(std::move(q));
}

void gateway_state::close(question& q) {
  if (!q.open()) // its client's time was up long ago
    return;
  q.close();
  auto& place = open_[q.place];
  open_.back()->place = q.place;
  place = std::exchange(open_.back(), nullptr); // `q` itself lives on with whoever calls
  open_.pop_back();
}

void gateway_state::look_at_clock(call::clock::time_point now,
                                  std::chrono::milliseconds forget_after) {
  for (size_t i = open_.size(); i-- > 0;) {
    const auto q = open_[i];
    if (now < q->client().deadline)
      continue;
    if (!q->client().answered())
      q->client().fail(too_late());
    if (now >= q->client().deadline + forget_after)
      close(*q); // the last one takes its place, and has been looked at
  }
}

gateway::gateway(caf::actor_system& system, gateway_options options)
    : system_(system), options_(std::move(options)) {
  for (auto& count : counts_)
    count = std::make_shared<std::atomic<int>>(0);
  if (options_.count != nullptr) {
    full_ = &refusals(*options_.count, "in_flight");
    overloaded_ = &refusals(*options_.count, "memory");
  }
  for (int i = 0; i < options_.actors; ++i)
    actors_.push_back(system_.spawn(gateway_behavior, options_));
}

question_ptr gateway::admit(line in, const call_ptr& client) {
  const auto& count = counts_.at(static_cast<size_t>(in));
  if (stopped_)
    return refuse(*client);
  const bool full = ++*count > options_.max_in_flight;
  if (full || (options_.overloaded && options_.overloaded())) {
    --*count;
    if (auto* refused = full ? full_ : overloaded_)
      refused->Increment();
    client->fail(problem_of(fault::busy, {}));
    return nullptr;
  }
  return std::make_shared<question>(client, count);
}

question_ptr gateway::refuse(call& client) {
  client.fail(problem_of(fault::unavailable, {}));
  return nullptr;
}

void gateway::post(std::function<void(gateway_state::self_ptr)> run) {
  caf::anon_send(actors_[next_++ % actors_.size()], gateway_job{std::move(run)});
}

void gateway::stop() {
  if (stopped_.exchange(true))
    return;
  // A job, not an exit message: it must not overtake what was asked before.
  for (const auto& actor : actors_)
    caf::anon_send(actor, gateway_job{[](gateway_state::self_ptr self) { self->quit(); }});
  caf::scoped_actor self{system_};
  self->wait_for(actors_);
}

} // namespace troupe::http
