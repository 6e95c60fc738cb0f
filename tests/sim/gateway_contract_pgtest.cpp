// What a payment gateway means, held against the real client with the real simulator and against
// the fake that the actors' tests use: so the fake cannot drift.

#include "outside/payment_gateway.hpp"
#include "sim/gateway_simulator.hpp"
#include "tests/support/fake_payment_gateway.hpp"
#include "tests/support/pg_fixture.hpp"

#include <doctest/doctest.h>

#include <future>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

// A gateway whose answers one waits for.
class harness {
public:
  virtual ~harness() = default;
  virtual payment_gateway& gateway() = 0;
  virtual void deliver() = 0; ///< makes answers come, if they do not by themselves

  gateway_reply charge(const std::string& key, const std::string& card, cents amount = 1999) {
    return wait<gateway_reply>([&](auto then) {
      gateway().charge({key, "o1", amount, card, "card", ""}, then);
    });
  }
  gateway_reply void_charge(const std::string& key) {
    return wait<gateway_reply>([&](auto then) { gateway().void_charge(key, then); });
  }
  refund_answer refund(const std::string& key, const std::string& charge_key, cents amount = 1999) {
    return wait<refund_reply>([&](auto then) { gateway().refund(key, charge_key, amount, then); })
        .answer;
  }

private:
  template <class Reply, class F>
  Reply wait(F call) {
    auto promise = std::make_shared<std::promise<Reply>>();
    auto answer = promise->get_future();
    call([promise](Reply reply) { promise->set_value(std::move(reply)); });
    deliver();
    REQUIRE(answer.wait_for(15s) == std::future_status::ready);
    return answer.get();
  }
};

class real_harness : public harness {
public:
  real_harness() {
    sim::gateway_simulator_options options;
    options.conninfo = db_.conninfo();
    simulator_ = std::make_unique<sim::gateway_simulator>(options);
    gateway_options client;
    client.url = simulator_->url();
    client.call_limit = 1000ms;
    client.tries = 2;
    client_ = make_payment_gateway(client);
  }
  payment_gateway& gateway() override { return *client_; }
  void deliver() override {}

private:
  pg_database db_{database::gateway};
  std::unique_ptr<sim::gateway_simulator> simulator_;
  std::unique_ptr<payment_gateway> client_;
};

class fake_harness : public harness {
public:
  payment_gateway& gateway() override { return fake_; }
  void deliver() override {
    fake_.release_silent();
    fake_.deliver_all();
  }

private:
  fake_payment_gateway fake_;
};

constexpr const char* good = "4242424242424242";
constexpr const char* declines = "4000000000000002";
constexpr const char* times_out = "4000000000000119";
constexpr const char* breaks = "4000000000000341";

void charges(harness& h) {
  auto first = h.charge("o1:1", good);
  CHECK(first.answer == gateway_answer::captured);
  CHECK_FALSE(first.transaction_id.empty());
  auto again = h.charge("o1:1", good);
  CHECK(again.answer == gateway_answer::captured);
  CHECK(again.transaction_id == first.transaction_id);
  CHECK(h.charge("o1:2", good).transaction_id != first.transaction_id);
  auto declined = h.charge("o1:3", declines);
  CHECK(declined.answer == gateway_answer::declined);
  CHECK_FALSE(declined.reason.empty());
  CHECK(declined.transaction_id.empty());
  CHECK(h.charge("o1:3", declines).answer == gateway_answer::declined);
  CHECK(h.charge("o1:4", "").answer == gateway_answer::captured);
  CHECK(h.charge("o1:5", breaks).answer == gateway_answer::captured);
  CHECK(h.charge("o1:1", good, 5).answer == gateway_answer::unknown);
  CHECK(h.charge("o1:1", good).transaction_id == first.transaction_id);
}

void voids(harness& h) {
  auto closed = h.void_charge("o1:1");
  CHECK(closed.answer == gateway_answer::voided);
  CHECK_FALSE(closed.reason.empty());
  CHECK(h.void_charge("o1:1").answer == gateway_answer::voided);
  CHECK(h.charge("o1:1", good).answer == gateway_answer::voided);
  CHECK(h.refund("refund:o1:1", "o1:1") == refund_answer::refused);

  auto captured = h.charge("o1:2", good);
  auto learnt = h.void_charge("o1:2");
  CHECK(learnt.answer == gateway_answer::captured);
  CHECK(learnt.transaction_id == captured.transaction_id);
  h.charge("o1:3", declines);
  CHECK(h.void_charge("o1:3").answer == gateway_answer::declined);

  CHECK(h.charge("o1:4", times_out).answer == gateway_answer::unknown);
  CHECK(h.void_charge("o1:4").answer == gateway_answer::voided);
}

void refunds(harness& h) {
  h.charge("o1:1", good);
  CHECK(h.refund("refund:o1:1", "o1:1") == refund_answer::refunded);
  CHECK(h.refund("refund:o1:1", "o1:1") == refund_answer::refunded);
  CHECK(h.refund("refund:o1:1x", "o1:1") == refund_answer::refused);
  CHECK(h.refund("refund:o1:1", "o1:1", 5) == refund_answer::unknown);
  CHECK(h.void_charge("o1:1").answer == gateway_answer::captured);
  CHECK(h.void_charge("refund:o1:1").answer == gateway_answer::unknown);
  h.charge("o1:2", declines);
  CHECK(h.refund("refund:o1:2", "o1:2") == refund_answer::refused);
  CHECK(h.refund("refund:o9:1", "o9:1") == refund_answer::refused);
  h.charge("o1:3", good);
  CHECK(h.refund("refund:o1:3", "o1:3", 5) == refund_answer::refused);
  CHECK(h.refund("refund:o1:3y", "o1:3") == refund_answer::refunded);
}

} // namespace

TEST_CASE_TEMPLATE("gateway contract", Harness, real_harness, fake_harness) {
  Harness h;
  SUBCASE("charges") {
    charges(h);
  }
  SUBCASE("voids") {
    voids(h);
  }
  SUBCASE("refunds") {
    refunds(h);
  }
}

TEST_CASE("the fake: faults, one charge call each") {
  fake_payment_gateway fake;
  std::vector<gateway_answer> got;
  auto then = [&](const gateway_reply& reply) { got.push_back(reply.answer); };
  fake.next_charges({gateway_fault::lost_before, gateway_fault::captured_then_unknown,
                     gateway_fault::late, gateway_fault::silent});
  for (const char* key : {"o1:1", "o1:2", "o1:3", "o1:4", "o1:5"})
    fake.charge({key, "o1", 5, "", "", ""}, then);
  CHECK(got.empty());
  CHECK(fake.deliver_all() == 4);
  CHECK(got
        == std::vector{gateway_answer::unknown, gateway_answer::unknown, gateway_answer::unknown,
                       gateway_answer::captured});
  CHECK(fake.captured("o1") == 2);
  fake.arrive_late();
  CHECK(fake.captured("o1") == 3);
  CHECK(fake.silent() == 1);
  fake.release_silent();
  CHECK(fake.deliver_all() == 1);
  CHECK(fake.captured("o1") == 3);
}

TEST_CASE("the fake: a late charge meets its void") {
  fake_payment_gateway fake;
  fake.next_charges({gateway_fault::late});
  fake.charge({"o1:1", "o1", 5, "", "", ""}, [](const gateway_reply&) {});
  gateway_answer settled = gateway_answer::unknown;
  fake.void_charge("o1:1", [&](const gateway_reply& reply) { settled = reply.answer; });
  fake.deliver_all();
  fake.arrive_late();
  CHECK(settled == gateway_answer::voided);
  CHECK(fake.captured("o1") == 0);
}
