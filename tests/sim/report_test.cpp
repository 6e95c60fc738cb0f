#include "sim/compare.hpp"
#include "sim/report.hpp"
#include "tests/sim/recorded.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

using namespace troupe::sim;
using namespace troupe::sim::test;
using namespace std::chrono_literals;
using nlohmann::json;
using troupe::order_status;

namespace {

/// A folder that goes with the test.
struct scratch {
  std::filesystem::path path = std::filesystem::temp_directory_path()
                               / ("troupe-report-" + std::to_string(std::random_device{}()));
  scratch() { std::filesystem::create_directories(path); }
  ~scratch() { std::filesystem::remove_all(path); }

  std::filesystem::path file(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return path / name;
  }
};

/// Two seconds: an order a second, of which one completes, and a fault.
json short_run(const std::string& scenario = "smoke") {
  recorder seen(start);
  one(seen, call::create_order, outcome::ok, 100ms, 10ms);
  one(seen, call::create_order, outcome::ok, 1100ms, 30ms);
  one(seen, call::stream_notifications, outcome::timed_out, 1200ms, 100ms);
  seen.moved(std::nullopt, order_status::created);
  seen.moved(std::nullopt, order_status::completed);
  const auto kill = seen.faults().fired("troupe.kill", start + 500ms);
  seen.faults().confirmed(kill, "process 7 is gone", start + 600ms);
  seen.finish(start + 2s);
  run_facts run;
  run.troupe_version = "0.1.0";
  run.scenario = scenario;
  run.seed = 42;
  run.load = "open, 1 order/s";
  run.target = "http://127.0.0.1:3000";
  run.nodes = {{"http://127.0.0.1:3000", 12, 1500ms}};
  run.passed = true;
  return report_json(run, seen);
}

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

TEST_CASE("the report says what was called, in all and by second") {
  const auto report = short_run();
  CHECK(report["version"] == 1);
  CHECK(report["run"]["seconds"] == 2.0);
  CHECK(report["run"]["seed"] == 42);
  CHECK(report["run"]["startedAt"] == "1970-01-01T00:00:00.000Z");
  const auto& orders = report["calls"]["createOrder"];
  CHECK(orders["outcomes"]["ok"] == 2);
  CHECK(orders["perSecond"] == 1.0);
  CHECK(orders["latency"]["maxUs"] == 30'000);
  CHECK(report["calls"]["streamNotifications"]["outcomes"]["timedOut"] == 1);
  CHECK(report["calls"]["streamNotifications"]["errors"] == 1);
  CHECK(!report["calls"].contains("pay"));
  CHECK(report["seconds"]["calls"]["createOrder"]["ok"] == json{1, 1});
  CHECK(report["seconds"]["calls"]["streamNotifications"]["errors"] == json{0, 1});
  CHECK(report["seconds"]["orders"]["COMPLETED"] == json{0, 1});
  CHECK(report["orders"]["CREATED"] == 1);
  CHECK(report["nodes"]
        == json::parse(R"([{"url":"http://127.0.0.1:3000","requests":12,"outMs":1500}])"));
}

TEST_CASE("faults are told in seconds from the start, null for what did not come") {
  const auto fault = short_run()["faults"].at(0);
  CHECK(fault["kind"] == "troupe.kill");
  CHECK(fault["firedAt"] == 0.5);
  CHECK(fault["confirmedAt"] == doctest::Approx(0.6));
  CHECK(fault["recoveredAt"].is_null());
  CHECK(fault["detail"] == "process 7 is gone");
}

TEST_CASE("the page holds the report and Chart.js, and no text of the report can leave its place") {
  const std::string hostile = "</script><script>alert(1)</script><!-- <script> & \xff";
  const auto page = report_page(short_run(hostile));
  CHECK(page.find("Chart.js v3") != std::string::npos);
  CHECK(page.find("alert(1)") != std::string::npos);
  CHECK(page.find("<script>alert") == std::string::npos);
  CHECK(page.find("</script>\\u003c") == std::string::npos);
  CHECK(page.find("\\u003c/script>\\u003cscript>alert(1)\\u003c/script>\\u003c!--")
        != std::string::npos);
  for (const char* outside : {"src=", "href=", "url(", "@import"})
    CHECK(page.substr(0, page.find("Chart.js v3")).find(outside) == std::string::npos);

  const std::string opening = R"(<script type="application/json" id="report">)";
  const auto begin = page.find(opening) + opening.size();
  const auto held = json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  CHECK(held["calls"] == short_run()["calls"]);
  CHECK(held["run"]["scenario"]
        == "</script><script>alert(1)</script><!-- <script> & \xef\xbf\xbd");
}

TEST_CASE("a report is written into a folder that is made, and over an older one") {
  scratch dir;
  const auto folder = dir.path / "a" / "b";
  write_report(folder, short_run("first"));
  write_report(folder, short_run("second"));
  CHECK(json::parse(read(folder / "report.json"))["run"]["scenario"] == "second");
  CHECK(read(folder / "report.html").find("\"second\"") != std::string::npos);
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 2);
}

TEST_CASE("where no report can be written, the error names the place") {
  scratch dir;
  const auto file = dir.file("taken", "");
  CHECK_THROWS_WITH_AS(write_report(file, short_run()), doctest::Contains("taken"),
                       std::system_error);
}

TEST_CASE("two reports are compared figure by figure, per second of each run") {
  scratch dir;
  auto slower = short_run();
  slower["run"]["seconds"] = 4.0;
  slower["calls"]["createOrder"]["latency"]["p99Us"] = 45'000;
  slower["calls"].erase("streamNotifications");
  const auto a = dir.file("a.json", short_run().dump()), b = dir.file("b.json", slower.dump());
  std::ostringstream out, err;
  CHECK(compare_reports(a, b, out, err) == 0);
  CHECK(err.str().empty());
  auto has = [&](const std::string& name, const std::string& ratio) {
    const auto at = out.str().find(name);
    const auto line
        = at == std::string::npos ? "" : out.str().substr(at, out.str().find('\n', at) - at);
    CAPTURE(out.str());
    CHECK(line.ends_with(" " + ratio));
  };
  has("createOrder ok per second", "0.500");
  has("createOrder p99 ms", "1.500");
  has("createOrder errors per second", "1.000");
  has("orders completed per second", "0.500");
  CHECK(out.str().find("streamNotifications") == std::string::npos);
}

TEST_CASE("what cannot be compared is named, with why") {
  scratch dir;
  const auto good = dir.file("good.json", short_run().dump());
  auto refused = [&](const std::filesystem::path& bad, const std::string& why) {
    for (bool first : {true, false}) {
      std::ostringstream out, err;
      CHECK(compare_reports(first ? bad : good, first ? good : bad, out, err) == 2);
      CHECK(out.str().empty());
      CAPTURE(err.str());
      CHECK(err.str().find(bad.string()) != std::string::npos);
      CHECK(err.str().find(why) != std::string::npos);
    }
  };
  refused(dir.path / "absent.json", "cannot be read");
  refused(dir.path, "cannot be read");
  refused(dir.file("text.json", "hello"), "no report");
  refused(dir.file("list.json", "[1]"), "no report");
  refused(dir.file("next.json", R"({"version":2})"), "version 2");
  refused(dir.file("odd.json", R"({"version":"1"})"), "version \"1\"");
  refused(dir.file("hollow.json", R"({"version":1})"), "run");
  auto wrong = short_run();
  wrong["calls"]["createOrder"]["errors"] = "none";
  refused(dir.file("wrong.json", wrong.dump()), "not as a report");
}
