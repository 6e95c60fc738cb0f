#include "sim/fault_plan.hpp"
#include "sim/fault_runner.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <stdexcept>

using namespace troupe::sim;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {

/// Remembers what it was told; answers what the test wants.
struct fake_system : breakable {
  std::vector<std::string> told;
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

void await_done(const fault_runner& runner) {
  while (!runner.done())
    std::this_thread::yield();
}

} // namespace

TEST_CASE("a plan's faults all come, spread over its time, in moments of the seed") {
  fault_plan plan;
  plan.from_ms = 3000;
  plan.until_ms = 43'000;
  for (auto& part : plan.parts)
    part = {2, 500};
  const auto faults = schedule(plan, 7), again = schedule(plan, 7), other = schedule(plan, 8);
  REQUIRE(faults.size() == 20);
  std::map<size_t, int> times;
  for (size_t i = 0; i < faults.size(); ++i) {
    ++times[faults[i].kind];
    CHECK(faults[i].hold == 500ms);
    CHECK(faults[i].at >= 3000ms + static_cast<int64_t>(i) * 2000ms);
    CHECK(faults[i].at < 4000ms + static_cast<int64_t>(i) * 2000ms);
    CHECK(faults[i].at == again[i].at);
    CHECK(faults[i].kind == again[i].kind);
  }
  for (const auto& [kind, count] : times)
    CHECK(count == 2);
  CHECK(times.size() == fault_kinds.size());
  CHECK(std::any_of(faults.begin(), faults.end(), [&, i = size_t{0}](const auto& f) mutable {
    return f.kind != other[i++].kind;
  }));
}

TEST_CASE("a plan of nothing is no fault") {
  CHECK(schedule({}, 1).empty());
}

TEST_CASE("each fault is done, confirmed, held and mended, in order") {
  fake_system system;
  system.answers["troupe.kill"] = {true, "process 7 is gone"};
  fault_log log;
  const auto began = steady::now();
  fault_runner runner({now("troupe.kill", 20ms), now("postgres.terminate")}, system, log, began);
  await_done(runner);
  runner.stop();
  CHECK(system.told
        == std::vector<std::string>{"troupe.kill", "troupe.start", "postgres.terminate"});
  const auto faults = log.all();
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].detail == "process 7 is gone");
  REQUIRE(faults[0].confirmed);
  REQUIRE(faults[0].ended);
  CHECK(*faults[0].ended - faults[0].fired >= 20ms);
  CHECK(runner.complaints().size() == 2); // nobody placed an order after either
  log.order_placed(steady::now(), steady::now());
  CHECK(runner.complaints().empty());
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
  while (!log.all().empty() ? !log.all()[0].confirmed : true)
    std::this_thread::yield();
  runner.stop();
  CHECK(looks == 2);
  CHECK(log.all()[0].detail == "3 answers met it");
  CHECK(system.told.back() == "gateway.mend");
}

TEST_CASE("what does not take effect, is not mended, or is not done, is complained of") {
  fake_system system;
  fault_log log;
  SUBCASE("no effect, and no mending") {
    system.answers["kafka.stop"] = {false, "process 7 has not ended"};
    system.answers["kafka.start"] = {false, "the disk is full"};
    fault_runner runner({now("kafka.stop")}, system, log, steady::now());
    await_done(runner);
    runner.stop();
    CHECK(runner.complaints()
          == std::vector<std::string>{"kafka.stop: did not take effect: process 7 has not ended",
                                      "kafka.start: the disk is full"});
    CHECK(!log.all()[0].confirmed);
  }
  SUBCASE("trouble that meets nothing") {
    system.answers["gateway.met"] = {false, "0 answers met it"};
    fault_runner runner({now("gateway.fail", 1ms)}, system, log, steady::now());
    await_done(runner);
    runner.stop();
    CHECK(runner.complaints()
          == std::vector<std::string>{"gateway.fail: did not take effect: 0 answers met it"});
    CHECK(system.told.back() == "gateway.mend");
  }
  SUBCASE("nobody there") {
    system.then = [](const std::string&) { throw std::runtime_error("it has ended"); };
    fault_runner runner({now("troupe.kill"), now("troupe.kill")}, system, log, steady::now());
    await_done(runner);
    runner.stop();
    CHECK(runner.complaints()
          == std::vector<std::string>{"it has ended", "only 1 of 2 faults were done"});
  }
  SUBCASE("stopped before its moment") {
    fault_runner runner({{index_of("troupe.kill"), 1h, 0ms}}, system, log, steady::now());
    runner.stop();
    CHECK(system.told.empty());
    CHECK(runner.complaints() == std::vector<std::string>{"only 0 of 1 faults were done"});
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
  CHECK(system.told == std::vector<std::string>{"postgres.freeze", "postgres.thaw"});
  CHECK(log.all()[0].ended);
}
