#include "sim/progress_view.hpp"
#include "tests/sim/recorded.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace troupe::sim;
using namespace troupe::sim::test;
using namespace std::chrono_literals;
using troupe::order_status;

namespace {

/// Three seconds of ten orders each, one busy answer, one fault.
struct three_seconds {
  recorder seen{start};

  three_seconds() {
    for (int i = 0; i < 30; ++i) {
      seen.begin(call::create_order);
      seen.end(call::create_order, outcome::ok, start + i * 100ms, start + i * 100ms + 5ms);
      seen.moved(std::nullopt, order_status::created);
    }
    seen.begin(call::pay);
    seen.end(call::pay, outcome::busy, start + 2900ms, start + 2901ms);
    const auto fault = seen.faults().fired("kafka.stop", start + 1s);
    seen.faults().confirmed(fault, "process 7 is gone", start + 1100ms);
    seen.faults().order_placed(start + 1200ms, start + 1500ms);
    seen.tick(start + 3s, 0ns);
  }
};

std::string joined(const std::vector<std::string>& lines) {
  return std::accumulate(
      lines.begin(), lines.end(), std::string(),
      [](std::string all, const std::string& line) { return std::move(all) + line + "\n"; });
}

} // namespace

TEST_CASE("the table shows the last second, the errors so far, the orders and the faults") {
  three_seconds run;
  const auto text = joined(progress_table({"smoke", 10s}, run.seen, 120, 40));
  CAPTURE(text);
  for (const char* part : {"smoke  00:03 of 00:10", "10 orders/s", "11 calls/s", "1 errors",
                           "CREATED 30", "1 fired, 1 confirmed, 1 recovered",
                           "kafka.stop, recovered after 0.5 s", "create order", "5.00", "pay"})
    CHECK(text.find(part) != std::string::npos);
  CHECK(text.find("get order") == std::string::npos);
  CHECK(text.find("OWN LIMIT") == std::string::npos);
}

TEST_CASE("the table keeps within the terminal") {
  three_seconds run;
  const auto lines = progress_table({"smoke", {}}, run.seen, 20, 3);
  CHECK(lines.size() == 3);
  for (const auto& line : lines)
    CHECK(line.size() <= 20);
}

TEST_CASE("both say when the simulation is the bottleneck") {
  recorder seen(start);
  seen.lag(1s);
  seen.tick(start + 1s, 0ns);
  CHECK(joined(progress_table({"smoke", {}}, seen, 120, 40)).find("OWN LIMIT")
        != std::string::npos);
  CHECK(progress_line(seen, 1).find("own_limit=lag_1000ms") != std::string::npos);
}

TEST_CASE("the line tells rates over the seconds since the last one") {
  three_seconds run;
  const auto line = progress_line(run.seen, 2);
  CAPTURE(line);
  CHECK(line.starts_with("t=3s orders/s=10.0 calls/s=10.5 errors=1 in_flight=0"));
  CHECK(line.find("create_order_p50_p99_ms=5.00/5.00") != std::string::npos);
  CHECK(line.find("CREATED=30") != std::string::npos);
  CHECK(line.find("faults=1 confirmed=1 recovered=1") != std::string::npos);
}

TEST_CASE("nothing recorded yet is nothing to show, and no error") {
  recorder seen(start);
  CHECK(progress_table({"smoke", {}}, seen, 80, 24).size() == 3);
  CHECK(progress_line(seen, 0) == "t=0s orders/s=0.0 calls/s=0.0 errors=0 in_flight=0");
}

TEST_CASE("off a terminal there is a line each five seconds, and one at the end for the rest") {
  char text[4096] = {};
  std::FILE* out = fmemopen(text, sizeof text, "w");
  REQUIRE(out != nullptr);
  progress_view view({"smoke", 10s}, out);
  recorder seen(start);
  for (auto at = 0ms; at <= 7s; at += 100ms) {
    seen.tick(start + at, 0ns);
    view.show(seen);
  }
  seen.finish(start + 7200ms);
  view.finish(seen);
  std::fclose(out);
  const std::string told(text);
  CHECK(std::count(told.begin(), told.end(), '\n') == 2);
  CHECK(told.starts_with("t=5s "));
  CHECK(told.find("\nt=7s ") != std::string::npos);
  CHECK(told.find('\x1b') == std::string::npos);
}
