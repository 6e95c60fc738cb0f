#include "sim/fault_runner.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <future>
#include <map>
#include <stdexcept>

using namespace troupe::sim;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;
using texts = std::vector<std::string>;

namespace {

/// Remembers what it was told; answers what the test wants.
struct fake_system : breakable {
  texts told;
  std::map<std::string, answer> answers;
  std::function<void(const std::string&)> then;

  answer tell(const std::string& command) override {
    told.push_back(command);
    if (then)
      then(command);
    auto at = answers.find(command);
    return at == answers.end() ? answer{true, "seen"} : at->second;
  }
};

size_t index_of(std::string_view name) {
  for (size_t i = 0; i < fault_kinds.size(); ++i)
    if (fault_kinds[i].name == name)
      return i;
  throw std::out_of_range("no such fault");
}

planned_fault now(std::string_view name, std::chrono::milliseconds hold = 0ms) {
  return {index_of(name), 0ms, hold};
}

/// Whose orders are all placed.
void keep_ordering(const fault_runner& runner, fault_log& log) {
  while (!runner.done()) {
    log.order_placed(steady::now(), steady::now());
    std::this_thread::yield();
  }
}

void await_done(const fault_runner& runner) {
  while (!runner.done())
    std::this_thread::yield();
}

} // namespace

TEST_CASE("each fault is done, confirmed, held, mended and recovered from, in order") {
  fake_system system;
  system.answers["troupe.kill 0"] = {true, "process 7 is gone"};
  fault_log log;
  fault_runner runner({now("troupe.kill", 20ms), now("postgres.terminate")}, system, log,
                      steady::now());
  keep_ordering(runner, log);
  runner.stop();
  CHECK(system.told == texts{"troupe.kill 0", "troupe.start 0", "postgres.terminate"});
  CHECK(runner.complaints().empty());
  const auto faults = log.all();
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].detail == "process 7 is gone");
  REQUIRE(faults[0].ended);
  CHECK(*faults[0].ended - faults[0].fired >= 20ms);
  REQUIRE(faults[0].recovered);
  CHECK(faults[1].fired >= *faults[0].recovered);
  CHECK(faults[1].recovered);
}

TEST_CASE("what is not recovered from in time is complained of, and is the last fault") {
  fake_system system;
  fault_log log;
  fault_runner runner({now("troupe.kill"), now("postgres.terminate")}, system, log, steady::now(),
                      0s);
  await_done(runner);
  runner.stop();
  CHECK(system.told == texts{"troupe.kill 0", "troupe.start 0"});
  CHECK(runner.complaints()
        == texts{"troupe.kill: no order was placed within 0 s after it",
                 "only 1 of 2 faults were done"});
}

TEST_CASE("a gateway's trouble counts once an answer has met it") {
  fake_system system;
  fault_log log;
  system.answers["gateway.met"] = {false, "0 answers met it"};
  int looks = 0;
  system.then = [&](const std::string& command) {
    if (command == "gateway.met" && ++looks == 2)
      system.answers["gateway.met"] = {true, "3 answers met it"};
  };
  fault_runner runner({now("gateway.slow", 10s)}, system, log, steady::now());
  while (log.all().empty() || !log.all()[0].confirmed)
    std::this_thread::yield();
  runner.stop();
  CHECK(looks == 2);
  CHECK(log.all()[0].detail == "3 answers met it");
  CHECK(system.told.back() == "gateway.mend");
}

TEST_CASE("what is done to a node, looked at and mended is the same one") {
  fake_system system;
  fault_log log;
  auto slow = now("network.slow");
  slow.node = 2;
  fault_runner runner({slow}, system, log, steady::now());
  keep_ordering(runner, log);
  runner.stop();
  CHECK(system.told == texts{"network.slow 2", "network.met 2", "network.mend 2"});
  CHECK(runner.complaints().empty());
}

TEST_CASE("what does not take effect, is not mended, or is not done, is complained of") {
  fake_system system;
  fault_log log;
  SUBCASE("no effect: the next one comes") {
    system.answers["kafka.stop"] = {false, "process 7 has not ended"};
    fault_runner runner({now("kafka.stop"), now("troupe.kill")}, system, log, steady::now());
    keep_ordering(runner, log);
    runner.stop();
    CHECK(runner.complaints() == texts{"kafka.stop: did not take effect: process 7 has not ended"});
    CHECK(!log.all()[0].confirmed);
    CHECK(log.all()[1].confirmed);
  }
  SUBCASE("no mending: it was the last one") {
    system.answers["kafka.start"] = {false, "the disk is full"};
    fault_runner runner({now("kafka.kill"), now("troupe.kill")}, system, log, steady::now());
    keep_ordering(runner, log);
    runner.stop();
    CHECK(runner.complaints()
          == texts{"kafka.start: the disk is full", "only 1 of 2 faults were done"});
  }
  SUBCASE("trouble that meets nothing") {
    system.answers["gateway.met"] = {false, "0 answers met it"};
    fault_runner runner({now("gateway.fail", 1ms)}, system, log, steady::now());
    await_done(runner);
    runner.stop();
    CHECK(runner.complaints() == texts{"gateway.fail: did not take effect: 0 answers met it"});
    CHECK(system.told.back() == "gateway.mend");
  }
  SUBCASE("nobody there") {
    system.then = [](const std::string&) { throw std::runtime_error("it has ended"); };
    fault_runner runner({now("troupe.kill"), now("troupe.kill")}, system, log, steady::now());
    await_done(runner);
    runner.stop();
    CHECK(runner.complaints() == texts{"it has ended", "only 1 of 2 faults were done"});
  }
  SUBCASE("stopped before its moment") {
    fault_runner runner({{index_of("troupe.kill"), 1h, 0ms}}, system, log, steady::now());
    runner.stop();
    CHECK(system.told.empty());
    CHECK(runner.complaints() == texts{"only 0 of 1 faults were done"});
  }
}

TEST_CASE("stopped in the middle of a fault, it mends it") {
  fake_system system;
  fault_log log;
  std::promise<void> frozen;
  system.then = [&](const std::string& command) {
    if (command == "postgres.freeze")
      frozen.set_value();
  };
  fault_runner runner({now("postgres.freeze", 1h)}, system, log, steady::now());
  frozen.get_future().wait();
  runner.stop();
  CHECK(system.told == texts{"postgres.freeze", "postgres.thaw"});
  CHECK(log.all()[0].ended);
  CHECK(runner.complaints()
        == texts{"postgres.freeze: no order was placed after it, until the load ended"});
}
