// What the tests of actors stand on.

#include "tests/support/stage.hpp"

using namespace troupe;
using namespace troupe::test;

TEST_CASE("a test whose question is not answered fails, and does not wait for ever"
          * doctest::should_fail()) {
  stage s;
  const auto silent
      = s.keep(s.sys.spawn([](event_handler::pointer) -> event_handler::behavior_type {
          return {[](const incoming_event&) { return consumed{}; }};
        }));
  auto pending = s.send(silent, incoming_event{});
  s.answer_of<consumed>(pending); // nothing has run
}
