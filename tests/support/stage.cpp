#include "tests/support/stage.hpp"

namespace troupe::test {

caf::actor_system_config& stage::on_coordinator(caf::actor_system_config& cfg) {
  cfg.set("scheduler.policy", caf::atom("testing"));
  return cfg;
}

stage::stage()
    : sys(on_coordinator(cfg)),
      self(sys),
      time(dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler())) {}

void stage::pass(std::chrono::milliseconds span) {
  constexpr std::chrono::milliseconds step{10};
  run();
  for (auto passed = step * 0; passed < span; passed += step) {
    time.advance_time(step);
    run();
  }
}

stage::~stage() {
  for (auto& who : kept_)
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  kept_.clear();
  run();
  while (time.has_pending_timeout()) {
    time.trigger_timeouts();
    run();
  }
}

} // namespace troupe::test
