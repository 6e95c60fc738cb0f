// Actors that end by an exception: who waits is answered, and the process lives on.

#include "actors/ending.hpp"
#include "actors/order_reader.hpp"
#include "tests/support/order_house.hpp"

#include <stdexcept>

using namespace troupe;
using namespace troupe::test;

namespace {

/// Every read throws what no store throws.
class broken_queries : public order_queries {
public:
  std::vector<order> load(std::span<const std::string>) override { fail(); }
  std::vector<order> list(const order_filter&) override { fail(); }
  std::vector<overdue_order> overdue(std::span<const int32_t>, int, const overdue_order&) override {
    fail();
  }
  std::vector<overdue_order> unsettled_payments(std::span<const int32_t>, int) override { fail(); }
  std::array<int64_t, order_status_count> count_overdue() override { fail(); }
  std::vector<outgoing_event> events_of(std::span<const std::string>) override { fail(); }
  std::map<std::string, earlier_use> earlier_uses(std::span<const std::string>) override { fail(); }
  bool fold_figures() override { fail(); }
  order_figures figures() override { fail(); }
  void ping() override { fail(); }

private:
  [[noreturn]] static void fail() { throw std::runtime_error("broken on purpose"); }
};

struct ending_house : order_house {
  order_reader_actor broken_reader() {
    return keep(sys.spawn(
        order_reader_behavior,
        std::make_shared<std::unique_ptr<order_queries>>(std::make_unique<broken_queries>()),
        publisher));
  }
};

} // namespace

TEST_CASE_FIXTURE(ending_house, "a reader that throws answers the batch that it was reading") {
  auto reading = broken_reader();
  auto first = send(reading, view_atom::value, std::string("o1"));
  auto second = send(reading, view_atom::value, std::string("o2"));
  auto key = send(reading, view_atom::value, idempotency{"ada POST /orders k", "body"});
  run();
  CHECK(fault_of(answer_of<loaded_order>(first)) == fault::unavailable);
  CHECK(fault_of(answer_of<loaded_order>(second)) == fault::unavailable);
  CHECK(fault_of(answer_of<earlier_use>(key)) == fault::unavailable);
}

TEST_CASE_FIXTURE(stage, "last words that throw end the actor, not the process") {
  auto make = [this] {
    return sys.spawn([](caf::event_based_actor* actor) -> caf::behavior {
      before_ending(actor, [] { throw std::runtime_error("broken on purpose"); });
      return {[](int) { throw std::runtime_error("so ends this actor"); }};
    });
  };
  auto ended = make();
  auto thrown = make();
  self->monitor(ended);
  self->monitor(thrown);
  self->send_exit(ended, caf::exit_reason::user_shutdown);
  self->send(thrown, 1);
  run();
  for (int gone = 0; gone < 2; ++gone)
    self->receive([](const caf::down_msg& m) { CHECK(m.reason); });
}
