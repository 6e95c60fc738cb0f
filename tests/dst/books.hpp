#pragma once
// What outlives every process of a run: the databases, the event bus, the payment gateway and the
// mail, all in memory. The checks at the end are made over these.

#include "actors/notices.hpp"
#include "domain/letter_id.hpp"
#include "kafka-bridge/fake_bus.hpp"
#include "telemetry/health.hpp"
#include "tests/support/fake_emailing_store.hpp"
#include "tests/support/fake_inbox.hpp"
#include "tests/support/fake_inventory_store.hpp"
#include "tests/support/fake_order_store.hpp"
#include "tests/support/fake_payment_gateway.hpp"
#include "tests/support/fake_payment_store.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>

namespace troupe::dst {

struct books {
  books() {
    for (auto s : all_services)
      inboxes[s] = std::make_shared<test::fake_inbox_rows>();
    set_clocks(now);
  }

  /// Moves the clocks of all databases.
  void set_clocks(timestamp to) {
    now = to;
    for (auto* clock : {&stock->journal->now, &payments->journal->now, &emailing->now})
      *clock = std::max(*clock, to);
  }

  /// Later than where the fakes' own clocks begin.
  static constexpr timestamp beginning{std::chrono::seconds(1'800'000'000)};
  timestamp now = beginning;
  health_board health;
  kafka::fake_bus bus;
  std::shared_ptr<test::fake_orders> orders = test::fake_orders::make([this] { return now; });
  std::shared_ptr<test::fake_inventory> stock = std::make_shared<test::fake_inventory>();
  std::shared_ptr<test::fake_payments> payments = std::make_shared<test::fake_payments>();
  std::shared_ptr<test::fake_payment_gateway> gateway
      = std::make_shared<test::fake_payment_gateway>();
  std::shared_ptr<test::fake_emailing_store> emailing
      = std::make_shared<test::fake_emailing_store>(decode_notice);
  std::map<service, std::shared_ptr<test::fake_inbox_rows>> inboxes;
  std::map<std::string, int64_t> first_stock; ///< by product
  std::set<std::string> mailed;               ///< message ids
  /// Records that a mishap took to the dead letters: service and id of the event.
  std::set<std::pair<service, std::string>> buried;
};

} // namespace troupe::dst
