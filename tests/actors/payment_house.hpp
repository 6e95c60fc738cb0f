#pragma once
// Payment workers behind their pool, with the payments database and the gateway in memory. The
// gateway's books tell what really happened to the customer's money.

#include "actors/payment_pool.hpp"
#include "tests/support/fake_payment_gateway.hpp"
#include "tests/support/fake_payment_store.hpp"
#include "tests/support/stage.hpp"

#include <stdexcept>

namespace troupe::test {

inline constexpr const char* declining_card = "4000000000000002";

struct payment_world;

/// Its worker throws before or after a write.
class trouble_store : public fake_payment_store {
public:
  trouble_store(payment_world& world, int64_t incarnation);
  ~trouble_store() override;
  std::vector<payment_result> write(std::span<const payment_write> steps) override;

private:
  payment_world& world_;
};

/// What outlives the actors.
struct payment_world {
  std::shared_ptr<fake_payments> db = std::make_shared<fake_payments>();
  std::shared_ptr<fake_payment_gateway> gateway = std::make_shared<fake_payment_gateway>();
  trouble_store* store = nullptr; ///< of the present worker
  int64_t incarnation = 1;
  std::optional<payment_write::kind> throw_before, throw_after; ///< this kind of step, once
  std::vector<publication> published;
};

inline trouble_store::trouble_store(payment_world& world, int64_t incarnation)
    : fake_payment_store(world.db, incarnation), world_(world) {
  world_.store = this;
}

inline trouble_store::~trouble_store() {
  if (world_.store == this)
    world_.store = nullptr;
}

inline std::vector<payment_result> trouble_store::write(std::span<const payment_write> steps) {
  auto meets_now = [&](std::optional<payment_write::kind>& when) {
    bool now = when && !steps.empty() && steps.front().what == *when;
    if (now)
      when.reset();
    return now;
  };
  if (meets_now(world_.throw_before))
    throw std::runtime_error("before the write, on purpose");
  auto results = fake_payment_store::write(steps);
  if (meets_now(world_.throw_after))
    throw std::runtime_error("after the write, on purpose");
  return results;
}

using answer_box = std::shared_ptr<std::optional<caf::expected<charge_outcome>>>;

struct payment_house : payment_world, stage {
  payment_house() {
    publisher = keep(
        sys.spawn([w = static_cast<payment_world*>(this)]() -> publisher_actor::behavior_type {
          return {[w](publication& p) { w->published.push_back(std::move(p)); }};
        }));
    pool = keep(sys.spawn(payment_pool_behavior, size_t{1}, [this](size_t i) -> payment_worker {
      auto made = std::make_unique<trouble_store>(*this, incarnation);
      return sys.spawn(payment_worker_behavior,
                       std::make_shared<std::unique_ptr<payment_store>>(std::move(made)), gateway,
                       publisher, options, i, size_t{1});
    }));
    settle();
  }

  static charge charge_of(const std::string& id, int32_t attempt = 1,
                          const std::string& card = "4242") {
    return {id, attempt, 1999, "card", card, {}};
  }

  /// Asks now; the box is filled when there is an answer.
  template <class... Message>
  answer_box ask_money(Message... message) {
    auto box = std::make_shared<std::optional<caf::expected<charge_outcome>>>();
    sys.spawn([box, to = payment_pool(pool), message...](caf::event_based_actor* asker) {
      asker->request(to, caf::infinite, message...)
          .then([box](charge_outcome& o) { *box = std::move(o); },
                [box](caf::error& e) { *box = std::move(e); });
    });
    run();
    return box;
  }
  answer_box pay(const charge& c) { return ask_money(c); }
  answer_box learn(const charge& c) { return ask_money(settle_atom::value, c); }

  static attempt_status status_of(const answer_box& box) {
    REQUIRE(box->has_value());
    REQUIRE(**box);
    return (**box)->status;
  }

  /// Lets actors and gateway talk until both are silent.
  void settle() {
    do
      run();
    while (gateway->deliver_all() > 0);
  }

  /// Time passes, also for the database.
  void live(std::chrono::milliseconds span) {
    for (auto passed = span * 0; passed < span; passed += std::chrono::milliseconds(50)) {
      db->journal->now += std::chrono::milliseconds(50);
      pass(std::chrono::milliseconds(50));
      settle();
    }
  }

  incoming_event cancelled(const std::string& id) {
    incoming_event e;
    e.topic = topic::order_cancelled;
    e.key = id;
    e.value = R"({"orderId":")" + id + R"(","userId":"ada","reason":"no"})";
    return e;
  }

  consumed::kind consume(const incoming_event& e) {
    auto pending = send(payment_pool(pool), e);
    settle();
    auto answer = answer_of<consumed>(pending);
    REQUIRE(answer);
    return answer->what;
  }

  /// An order that was paid and shall be refunded.
  void captured(const std::string& id) {
    auto paid = pay(charge_of(id));
    settle();
    CHECK(status_of(paid) == attempt_status::captured);
  }

  payment_attempt row(const std::string& id, int32_t attempt = 1) {
    return db->orders.at(id).attempts.at(attempt);
  }

  std::vector<outgoing_event> events() const {
    std::vector<outgoing_event> all;
    for (const auto& p : published)
      all.insert(all.end(), p.events.begin(), p.events.end());
    return all;
  }

  payment_options options;
  publisher_actor publisher;
  payment_router pool;
};

} // namespace troupe::test
