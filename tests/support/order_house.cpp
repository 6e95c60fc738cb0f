#include "tests/support/order_house.hpp"

#include <stdexcept>

namespace troupe::test {

create_request draft(const std::string& id, const std::string& user) {
  create_request request;
  request.draft.id = id;
  request.draft.user_id = user;
  request.draft.total = 1999;
  request.draft.shipping_address = R"({"street":"1 Main"})";
  request.draft.lines = {{"line-" + id, "p-001", 1, 1999, "Lamp", ""}};
  return request;
}

order_request command(const std::string& id, order_verb verb) {
  order_request request;
  request.order_id = id;
  request.command.verb = verb;
  return request;
}

order_house::order_house() : store(fake_orders::make([this] { return now; })) {
  publisher = keep(sys.spawn([this]() -> publisher_actor::behavior_type {
    return {[this](publication& p) {
      std::move(p.events.begin(), p.events.end(), std::back_inserter(published));
    }};
  }));
  journal = keep(sys.spawn(journal_behavior,
                           std::make_shared<std::unique_ptr<order_store>>(store->store()),
                           publisher, journal_options{}, &count));
  reader = keep(sys.spawn(order_reader_behavior,
                          std::make_shared<std::unique_ptr<order_queries>>(store->queries()),
                          publisher));
  answering_
      = keep(sys.spawn([this](answering_pool::pointer pool) -> answering_pool::behavior_type {
          auto ask = [this, pool](charge& what, bool settle) {
            auto reply = pool->make_response_promise<charge_outcome>();
            charges.push_back({std::move(what), settle, reply});
            return reply;
          };
          return {[](const incoming_event&) { return consumed{}; },
                  [ask](charge& what) { return ask(what, false); },
                  [ask](settle_atom, charge& what) { return ask(what, true); },
                  [this](flush_atom, charge_outcome& outcome) {
                    charges.front().reply.deliver(std::move(outcome));
                    charges.erase(charges.begin());
                  }};
        }));
  payments = answering_;
  auto readers
      = keep(sys.spawn(order_reader_router_behavior, size_t{1}, [this](size_t) { return reader; }));
  order_context made{
      journal, reader, reader, readers, payments, deadlines{}, std::chrono::seconds(10), [this] {
        return now;
      }};
  context = std::make_shared<const order_context>(std::move(made));
}

void order_house::answer_charge(attempt_status status) {
  REQUIRE(!charges.empty());
  const auto& asked = charges.front();
  charge_outcome outcome;
  outcome.order_id = asked.what.order_id;
  outcome.attempt = asked.what.attempt;
  outcome.status = status;
  outcome.transaction_id = status == attempt_status::captured ? "tx-1" : "";
  outcome.reason = status == attempt_status::declined ? "The card was declined." : "";
  self->send(answering_, flush_atom::value, outcome); // a promise is delivered by its own actor
  run();
}

order order_house::created(const std::string& id) {
  auto made = ask<create_answer>(region(), draft(id));
  REQUIRE(made);
  return made->now;
}

order_region_actor order_house::region() {
  if (!region_)
    region_ = keep(
        sys.spawn(order_region_behavior, context, shard_options{}, region_options{}, &count));
  return region_;
}

} // namespace troupe::test
