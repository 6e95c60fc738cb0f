#pragma once
// Everything that orders need, on a stage with fakes: journal and reader over the orders database
// in memory, a payment pool that answers when the test says so, and what was published.

#include "actors/order_journal.hpp"
#include "actors/order_reader.hpp"
#include "actors/order_region.hpp"
#include "tests/support/fake_order_store.hpp"
#include "tests/support/stage.hpp"

namespace troupe::test {

/// A draft of one line, as the HTTP front would send it.
create_request draft(const std::string& id, const std::string& user = "ada");
order_request command(const std::string& id, order_verb verb);

class order_house : public stage {
public:
  order_house();

  /// Charges and settlements that wait for an answer, oldest first.
  struct asked {
    charge what;
    bool settle = false;
    caf::typed_response_promise<charge_outcome> reply;
  };

  /// Answers the oldest one.
  void answer_charge(attempt_status status);

  /// Creates an order in the store and returns it.
  order created(const std::string& id);

  timestamp now{std::chrono::hours(24 * 365 * 50)};
  /// Orders whose actor throws when it takes up a command.
  std::string throws_for;

  std::shared_ptr<fake_orders> store;
  std::vector<outgoing_event> published;
  std::vector<asked> charges;
  publisher_actor publisher;
  order_journal journal;
  order_library reader;
  payment_pool payments;
  order_context_ptr context;

  /// Made when first asked for.
  order_region_actor region();

private:
  /// `flush`: answer the oldest question so.
  using answering_pool = payment_pool::extend<caf::reacts_to<flush_atom, charge_outcome>>;

  answering_pool answering_;
  order_region_actor region_;
};

} // namespace troupe::test
