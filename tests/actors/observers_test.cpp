// Whoever waits for a commit is told of it by the actor that made it.

#include "actors/emailing_worker.hpp"
#include "actors/notices.hpp"
#include "tests/support/fake_emailing_store.hpp"
#include "tests/support/order_house.hpp"

#include <utility>

using namespace troupe;
using namespace troupe::test;

namespace {

struct noting : order_observer, notification_observer {
  void changed(const order& now) override { versions.push_back(now.version); }
  void doubtful(const std::string& order_id) override { doubts.push_back(order_id); }
  void added(const std::vector<notification>& fresh) override {
    for (const auto& n : fresh)
      users.push_back(n.user_id);
  }
  void added_elsewhere(const std::vector<std::string>& /*users*/) override {}
  void doubtful_all() override {}

  std::vector<int32_t> versions;
  std::vector<std::string> doubts, users;
};

/// Outlives the actors, which tell of doubts as they end.
struct observing_world {
  noting seen;
};

struct observed_house : observing_world, order_house {
  observed_house() {
    auto observed = *context;
    observed.observer = &seen;
    context = std::make_shared<const order_context>(std::move(observed));
  }
};

} // namespace

TEST_CASE_FIXTURE(observed_house, "each commit of an order is told, and nothing else") {
  created("o1");
  self->send(region(), command("o1", order_verb::pay));
  run();
  CHECK(seen.versions == std::vector<int32_t>{2});
  answer_charge(attempt_status::captured);
  CHECK(seen.versions == std::vector<int32_t>{2, 3});
  REQUIRE(ask<order_answer>(region(), command("o1", order_verb::pay))); // changes nothing
  CHECK(seen.versions == std::vector<int32_t>{2, 3});
  CHECK(seen.doubts.empty());
}

TEST_CASE_FIXTURE(observed_house, "an order's end in the middle leaves it in doubt") {
  created("o1");
  self->send(region(), command("o1", order_verb::pay));
  run();
  self->send_exit(region(), caf::exit_reason::user_shutdown);
  run();
  CHECK(seen.doubts == std::vector<std::string>{"o1"});
}

TEST_CASE_FIXTURE(stage, "the emailing worker tells whose notifications it has written") {
  noting seen;
  const auto worker = keep(sys.spawn(emailing_worker_behavior,
                                     std::make_shared<std::unique_ptr<emailing_store>>(
                                         std::make_unique<fake_emailing_store>(decode_notice)),
                                     static_cast<notification_observer*>(&seen)));
  incoming_event e;
  e.topic = topic::notification_requested;
  e.key = "ada";
  e.value = R"({"userId":"ada","type":"ORDER","title":"t","message":"m"})";
  e.source = "/troupe/order";
  e.id = "1.0";
  REQUIRE(ask<consumed>(event_handler(worker), e));
  CHECK(seen.users == std::vector<std::string>{"ada"});
  REQUIRE(ask<consumed>(event_handler(worker), e)); // seen before
  CHECK(seen.users == std::vector<std::string>{"ada"});
}
