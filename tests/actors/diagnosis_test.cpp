// The desk that explains orders: all parts are asked at once, and one that is away, silent or dead
// costs only itself.

#include "actors/diagnosis_desk.hpp"
#include "tests/support/fake_diagnosis.hpp"
#include "tests/support/order_house.hpp"

#include <map>

using namespace troupe;
using namespace troupe::test;

namespace {

struct desk_house : order_house {
  desk_house() {
    for (int i = 0; i < service_count; ++i)
      files[static_cast<service>(i)] = std::make_shared<fake_case_files>();
    files[service::order]->of["o1"].order.emplace().version = 4;
    files[service::payment]->of["o1"].payment.emplace().status = "SUCCESS";
    files[service::inventory]->of["o1"].stock.emplace().record.state = stock_state::sold;
    files[service::emailing]->of["o1"].parked.emplace_back();
  }

  diagnosis_actor desk() {
    return keep(sys.spawn(
        diagnosis_desk_behavior, presence_of(),
        [this](size_t whose) { return reader(static_cast<service>(whose)); },
        diagnosis_options{.max_open = 2}));
  }

  /// One that never answers, while `silent` names it.
  diagnosis_reader reader(service whose) {
    if (silent && *silent == whose)
      return keep(sys.spawn([](diagnosis_reader::pointer it) -> diagnosis_reader::behavior_type {
        return {[it](diagnose_atom, const std::string&, std::chrono::steady_clock::time_point) {
          return it->make_response_promise<service_facts>();
        }};
      }));
    made.push_back(keep(sys.spawn(diagnosis_reader_behavior,
                                  std::make_shared<std::unique_ptr<diagnosis_queries>>(
                                      std::make_unique<fake_diagnosis_queries>(files[whose])))));
    return made.back();
  }

  order_presence presence_of() { return region(); }

  std::map<service, std::shared_ptr<fake_case_files>> files;
  std::vector<diagnosis_reader> made;
  std::optional<service> silent;
};

} // namespace

TEST_CASE_FIXTURE(desk_house, "a diagnosis has the part of every service") {
  const auto found = ask<diagnosis>(desk(), diagnose_atom::value, std::string("o1"));
  REQUIRE(found);
  CHECK(found->order_id == "o1");
  CHECK(found->of(service::order)->order->version == 4);
  CHECK(found->of(service::payment)->payment->status == "SUCCESS");
  CHECK(found->of(service::inventory)->stock->record.state == stock_state::sold);
  CHECK(found->of(service::emailing)->parked.size() == 1);
  CHECK(found->actor == presence::idle);
  const auto stranger = ask<diagnosis>(desk(), diagnose_atom::value, std::string("o2"));
  CHECK(fault_of(stranger) == troupe::fault::not_found);
}

TEST_CASE_FIXTURE(desk_house, "a part whose database is away is left out") {
  const auto it = desk();
  for (auto whose : {service::order, service::payment, service::inventory, service::emailing}) {
    CAPTURE(std::string(to_string(whose)));
    files[whose]->down = true;
    const auto found = ask<diagnosis>(it, diagnose_atom::value, std::string("o1"));
    files[whose]->down = false;
    REQUIRE(found);
    for (int i = 0; i < service_count; ++i)
      CHECK(found->of(static_cast<service>(i)).has_value() == (static_cast<service>(i) != whose));
  }
  // Whether there is such an order cannot be said without the orders database.
  files[service::order]->down = true;
  CHECK(ask<diagnosis>(it, diagnose_atom::value, std::string("o2")));
}

TEST_CASE_FIXTURE(desk_house, "a silent part is waited for its time and no longer") {
  silent = service::payment;
  const auto it = desk();
  run();
  auto pending = send(it, diagnose_atom::value, std::string("o1"));
  auto another = send(it, diagnose_atom::value, std::string("o1"));
  run();
  // The others' answers are here, so only the bound on the open ones refuses a third.
  const auto third = ask<diagnosis>(it, diagnose_atom::value, std::string("o1"));
  CHECK(fault_of(third) == troupe::fault::busy);
  pass(std::chrono::milliseconds(3010));
  const auto found = answer_of<diagnosis>(pending);
  REQUIRE(found);
  CHECK(!found->of(service::payment));
  CHECK(found->of(service::inventory));
  CHECK(answer_of<diagnosis>(another));
}

TEST_CASE_FIXTURE(desk_house, "whoever waits for a desk that ends is answered") {
  silent = service::inventory;
  const auto it = desk();
  auto pending = send(it, diagnose_atom::value, std::string("o1"));
  run();
  caf::anon_send_exit(it, caf::exit_reason::user_shutdown);
  run();
  CHECK(fault_of(answer_of<diagnosis>(pending)) == troupe::fault::unavailable);
}

TEST_CASE_FIXTURE(desk_house, "a reader that dies is made again") {
  const auto it = desk();
  run();
  caf::anon_send_exit(made.at(static_cast<size_t>(service::payment)),
                      caf::exit_reason::user_shutdown);
  run();
  const auto without = ask<diagnosis>(it, diagnose_atom::value, std::string("o1"));
  REQUIRE(without);
  CHECK(!without->of(service::payment));
  pass(std::chrono::seconds(1));
  const auto with = ask<diagnosis>(it, diagnose_atom::value, std::string("o1"));
  REQUIRE(with);
  CHECK(with->of(service::payment));
}

TEST_CASE_FIXTURE(desk_house, "a reader asks its database for nobody who has gone") {
  const auto one = reader(service::order);
  const auto late = ask<service_facts>(one, diagnose_atom::value, std::string("o1"),
                                       std::chrono::steady_clock::now());
  CHECK(fault_of(late) == troupe::fault::unavailable);
  CHECK(files[service::order]->asked == 0);
}

TEST_CASE_FIXTURE(desk_house, "the region says how the node holds an order") {
  const auto how = [this](const std::string& id) {
    const auto said = ask<presence>(presence_of(), diagnose_atom::value, id);
    REQUIRE(said);
    return std::string(to_string(*said));
  };
  CHECK(how("o1") == "idle");
  created("o1");
  CHECK(how("o1") == "live");
  pass(std::chrono::seconds(120)); // idle for long
  CHECK(how("o1") == "idle");
}
