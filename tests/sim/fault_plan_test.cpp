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

TEST_CASE("the plans that travel with the program have every kind of fault") {
  std::string names;
  for (const auto& file : sim::fault_plan_files())
    names.append(file.name).append(" ");
  CHECK(names == "all cluster ");
  const auto all = read_fault_plan("all"), cluster = read_fault_plan("cluster", 2);
  CHECK(all.mistakes.empty());
  CHECK(cluster.mistakes.empty());
  for (size_t i = 0; i < sim::fault_kinds.size(); ++i) {
    CAPTURE(sim::fault_kinds[i].name);
    CHECK(all.plan.parts[i].times == (sim::fault_kinds[i].of_network() ? 0 : 1));
    CHECK(cluster.plan.parts[i].times == (sim::fault_kinds[i].of_node() ? 1 : 0));
  }
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
        == texts{"nothing: neither a file nor one of all, cluster"});
}

TEST_CASE("a plan's faults all come, spread over its time, in moments of the seed") {
  sim::fault_plan plan;
  plan.from_ms = 3000;
  plan.until_ms = 63'000;
  for (auto& part : plan.parts)
    part = {2, 500};
  const auto faults = schedule(plan, 7), again = schedule(plan, 7), other = schedule(plan, 8);
  REQUIRE(faults.size() == 30);
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

TEST_CASE("what happens between nodes needs two of them, and only that does") {
  using texts = std::vector<std::string>;
  const plan_file file("[troupe]\nkill = 1\n[network]\nnode = 1\none_way = 1\npostgres = 1\n"
                       "kafka = 1\nslow = 1\n");
  CHECK(read_fault_plan(file.path, 2).mistakes.empty());
  CHECK(read_fault_plan(file.path).mistakes
        == texts{file.path + ": network.node: needs --nodes 2 or more",
                 file.path + ": network.one_way: needs --nodes 2 or more"});
}

TEST_CASE("a plan without its faults of the network keeps the others") {
  using kinds = std::vector<std::string_view>;
  const plan_file file("[troupe]\nkill = 2\n[network]\npostgres = 1\nslow = 3\n");
  const auto plan = read_fault_plan(file.path).plan;
  CHECK(network_kinds(plan) == kinds{"network.postgres", "network.slow"});
  const auto rest = without_network(plan);
  CHECK(network_kinds(rest).empty());
  CHECK(part_of(rest, "troupe.kill").times == 2);
  CHECK(!plans_nothing(rest));
  sim::fault_plan only;
  only.parts.back().times = 1; // a kind of the network
  CHECK(!plans_nothing(only));
  CHECK(plans_nothing(without_network(only)));
}

TEST_CASE("the seed says which node each fault is done to, of those that are done to one") {
  sim::fault_plan plan;
  for (auto& part : plan.parts)
    part.times = 20;
  const auto faults = schedule(plan, 7, 3), again = schedule(plan, 7, 3);
  std::map<int, int> times;
  for (size_t i = 0; i < faults.size(); ++i) {
    CHECK(faults[i].node == again[i].node);
    if (sim::fault_kinds[faults[i].kind].of_node())
      ++times[faults[i].node];
    else
      CHECK(faults[i].node == 0);
  }
  REQUIRE(times.size() == 3);
  CHECK(times.begin()->first == 0);
  CHECK(times.rbegin()->first == 2);
  for (const auto& fault : schedule(plan, 7))
    CHECK(fault.node == 0);
}

TEST_CASE("a plan of nothing is no fault") {
  CHECK(sim::schedule({}, 1).empty());
}
