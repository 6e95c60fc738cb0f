#include "app/fault_settings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <unistd.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct plan_file {
  std::string path = std::filesystem::temp_directory_path()
                     / ("troupe-faults-" + std::to_string(getpid()) + ".toml");
  explicit plan_file(const std::string& text) { std::ofstream(path) << text; }
  ~plan_file() { std::filesystem::remove(path); }
};

sim::fault_plan::part part_of(const sim::fault_plan& plan, std::string_view kind) {
  const auto at = std::find_if(sim::fault_kinds.begin(), sim::fault_kinds.end(),
                               [&](const sim::fault_kind& k) { return k.name == kind; });
  return plan.parts.at(static_cast<size_t>(at - sim::fault_kinds.begin()));
}

} // namespace

TEST_CASE("the plan that travels with the program has every kind of fault") {
  std::string names;
  for (const auto& file : sim::fault_plan_files())
    names.append(file.name).append(" ");
  CHECK(names == "all ");
  const auto all = read_fault_plan("all");
  CHECK(all.mistakes.empty());
  for (const auto& part : all.plan.parts)
    CHECK(part.times == 1);
}

TEST_CASE("a plan says how often each fault comes and how long it is held") {
  const plan_file file("[window]\nfrom_ms = 10\nuntil_ms = 20\n[troupe]\nkill = 2\n"
                       "[postgres]\nfreeze = 1\nfreeze_ms = 500\n");
  const auto read = read_fault_plan(file.path);
  CHECK(read.mistakes.empty());
  CHECK(read.plan.from_ms == 10);
  CHECK(read.plan.until_ms == 20);
  CHECK(part_of(read.plan, "troupe.kill").times == 2);
  CHECK(part_of(read.plan, "troupe.kill").hold_ms == 1000);
  CHECK(part_of(read.plan, "postgres.freeze").times == 1);
  CHECK(part_of(read.plan, "postgres.freeze").hold_ms == 500);
  CHECK(part_of(read.plan, "kafka.kill").times == 0);
}

TEST_CASE("every mistake of a plan is named with its place") {
  const auto mistakes_of = [](const std::string& text) {
    const plan_file file(text);
    auto mistakes = read_fault_plan(file.path).mistakes;
    for (auto& mistake : mistakes)
      if (mistake.starts_with(file.path))
        mistake.erase(0, file.path.size());
    return mistakes;
  };
  using texts = std::vector<std::string>;
  CHECK(mistakes_of("[troupe]\nkil = 1\nkill = -1\nkill_ms = \"long\"\n[redis]\nstop = 1\n")
        == texts{":5: redis: no such section", ":2: troupe.kil: no such key",
                 ":3: troupe.kill: must be from 0 to 1000",
                 ":4: troupe.kill_ms: must be a number"});
  CHECK(mistakes_of("[window]\nfrom_ms = 5\nuntil_ms = 5\n[kafka]\nkill = 1\n")
        == texts{": window.until_ms: must be after window.from_ms"});
  CHECK(mistakes_of("[troupe]\nkill_ms = 5\n") == texts{": plans no fault"});
  CHECK(read_fault_plan("nothing").mistakes
        == texts{"nothing: neither a file nor one of ours (all)"});
}

TEST_CASE("a plan's faults all come, spread over its time, in moments of the seed") {
  sim::fault_plan plan;
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
  CHECK(times.size() == sim::fault_kinds.size());
  CHECK(std::any_of(faults.begin(), faults.end(), [&, i = size_t{0}](const auto& f) mutable {
    return f.kind != other[i++].kind;
  }));
}

TEST_CASE("a plan of nothing is no fault") {
  CHECK(sim::schedule({}, 1).empty());
}
