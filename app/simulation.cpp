#include "app/simulation.hpp"

#include "app/commands.hpp"
#include "app/fault_rig.hpp"
#include "app/fault_settings.hpp"
#include "app/simulation_settings.hpp"
#include "sim/fault_runner.hpp"
#include "sim/load_run.hpp"
#include "sim/progress_view.hpp"
#include "sim/report.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <random>
#include <stdexcept>

namespace troupe {

namespace {

constexpr int64_t most_nodes = 5;

int64_t nodes_of(const simulation_options& how) {
  return how.nodes.value_or(1);
}

/// What the command line says, over what the scenario says. Returns what is wrong with it.
std::vector<std::string> apply(const simulation_options& how, sim::scenario& plan) {
  std::vector<std::string> wrong;
  const auto take = [&wrong](const char* flag, std::optional<double> value, double least,
                             double most, int64_t& into, double factor) {
    if (!value)
      return;
    if (!(*value >= least && *value <= most))
      wrong.push_back(fmt::format("--{}: must be from {} to {}", flag, least, most));
    else
      into = std::llround(*value * factor);
  };
  const auto number = [](std::optional<int64_t> value) {
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
  };
  take("speed", how.speed, 0.01, 1000, plan.load.speed_percent, 100);
  take("rate", how.rate, 0.1, 100'000, plan.load.rate_per_minute, 60);
  take("customers", number(how.customers), 0, 15'000, plan.load.customers, 1);
  take("duration", number(how.duration), 1, 86'400, plan.load.duration_s, 1);
  take("settle", number(how.settle), 0, 3600, plan.load.settle_s, 1);
  if (const auto nodes = nodes_of(how); nodes < 1 || nodes > most_nodes)
    wrong.push_back(fmt::format("--nodes: must be from 1 to {}", most_nodes));
  if (how.rate && how.customers)
    wrong.emplace_back("--rate, --customers: an open loop or a closed one, not both");
  if (how.rate)
    plan.load.customers = 0;
  return wrong;
}

/// The admin's token: of the given file, else the configured one. False: it cannot be read.
bool read_token(const config& c, const std::string& file, std::string& token) {
  token = c.admin.token;
  if (file.empty())
    return true;
  std::ifstream in(file);
  return static_cast<bool>(std::getline(in, token)) && !token.empty();
}

std::string load_text(const sim::scenario& plan) {
  const auto& load = plan.load;
  if (load.customers > 0)
    return fmt::format("closed, {} customers", load.customers);
  const double rate = static_cast<double>(load.rate_per_minute) / 60;
  return load.peak_percent == 100
             ? fmt::format("open, {:.4g} customers/s", rate)
             : fmt::format("open, {:.4g} to {:.4g} customers/s", rate,
                           rate * static_cast<double>(load.peak_percent) / 100);
}

std::string target_of(const sim::load_options& load) {
  return fmt::format("{}", fmt::join(load.urls, ","));
}

std::string text_of(const sim::violation& v) {
  return fmt::format("{}: {}{}{}{}{}", v.promise, v.what, v.order.empty() ? "" : ", order ",
                     v.order, v.user.empty() ? "" : ", user ", v.user);
}

void print_verdict(const sim::load_result& result) {
  for (const auto& v : result.violations)
    std::printf("VIOLATION %s\n", text_of(v).c_str());
  if (result.count > result.violations.size())
    std::printf("and %zu more\n", result.count - result.violations.size());
  for (const auto& history : result.histories)
    std::printf("%s\n", history.c_str());
  if (result.turned_away > 0)
    std::printf("%lld customers did not come: this process has no room for more\n",
                static_cast<long long>(result.turned_away));
  if (result.nodes.size() > 1)
    for (const auto& node : result.nodes)
      fmt::print("node {}: {} requests, out for {:.1f} s\n", node.url, node.requests,
                 std::chrono::duration<double>(node.out).count());
  std::printf("verdict: %zu orders of %zu users, %zu violations%s\n", result.orders, result.users,
              result.count, result.interrupted ? ", ended early" : "");
}

/// Whether the databases hold what was promised, too.
bool passes_audit(const config& c, bool wanted, std::chrono::seconds patience) {
  if (!wanted) {
    std::printf("audit: not run, as wanted\n");
    return true;
  }
  if (c.databases.orders.empty()) {
    std::printf("audit: not run: databases.orders and the others are not configured "
                "(--no-audit to do without)\n");
    return false;
  }
  return run_audit(c, true, patience) == 0;
}

sim::run_facts facts_of(const simulation_options& how, const sim::load_options& load,
                        const sim::load_result& result) {
  sim::run_facts facts;
  facts.troupe_version = TROUPE_VERSION;
  facts.scenario = how.scenario;
  facts.seed = load.seed;
  facts.target = target_of(load);
  facts.nodes = result.nodes;
  facts.load = load_text(load.plan);
  facts.ended_early = result.interrupted;
  facts.orders_checked = result.orders;
  facts.violation_count = result.count;
  for (const auto& v : result.violations)
    facts.violations.push_back(text_of(v));
  facts.violations.insert(facts.violations.end(), result.histories.begin(), result.histories.end());
  return facts;
}

void print_faults(const sim::recorder& seen) {
  for (const auto& fault : seen.faults().all()) {
    const auto seconds = [](auto d) { return std::chrono::duration<double>(d).count(); };
    fmt::print("fault {} at {:.1f} s: {}, {}\n", fault.kind, seconds(fault.fired - seen.start()),
               fault.confirmed ? fault.detail : "not seen to take effect",
               fault.recovered ? fmt::format("recovered after {:.2f} s",
                                             seconds(*fault.recovered - fault.fired))
                               : "not recovered");
  }
}

/// Plays the load, with the faults of `rig` if there is one.
sim::load_result load_it(sim::load_run& run, sim::progress_view& view, fault_rig* rig) {
  // Ends before the run does, in whose record it writes: also when the run throws.
  std::optional<sim::fault_runner> faults;
  sim::load_hooks hooks;
  hooks.on_tick = [&](const sim::recorder& seen) {
    if (rig && !faults)
      faults.emplace(rig->plan(), rig->system(), run.record().faults(), seen.start());
    view.show(seen);
  };
  hooks.may_end = [&faults] { return !faults || faults->done(); };
  hooks.on_end = [&faults] {
    if (faults)
      faults->request_stop();
  };
  auto result = run.run(hooks);
  if (faults)
    faults->stop();
  view.finish(run.record());
  print_faults(run.record());
  if (faults)
    for (const auto& complaint : faults->complaints()) {
      result.violations.push_back({.promise = "fault", .user = {}, .order = {}, .what = complaint});
      ++result.count;
    }
  return result;
}

int play(const config& c, const simulation_options& how, const sim::load_options& load,
         fault_rig* rig) {
  const auto started = std::chrono::system_clock::now();
  sim::load_run run(load);
  std::printf("sim: %s, seed %llu, run %s, %s, %s\n", how.scenario.c_str(),
              static_cast<unsigned long long>(load.seed), run.name().c_str(),
              target_of(load).c_str(), load_text(load.plan).c_str());
  sim::progress_view view({how.scenario, std::chrono::seconds(load.plan.load.duration_s)}, stdout);
  const auto result = load_it(run, view, rig);
  if (run.record().seconds_at_own_limit() > 0)
    std::printf("in %zu seconds the simulation itself was the bottleneck: their latencies are "
                "its own\n",
                run.record().seconds_at_own_limit());
  print_verdict(result);
  const bool audited
      = passes_audit(c, !how.no_audit, std::chrono::seconds(load.plan.load.settle_s));
  if (result.orders == 0)
    std::printf("no order was acknowledged: nothing was shown\n");
  const bool ended = !rig || rig->end();
  if (!ended)
    std::printf("not everything ended in order\n");
  const bool passed = result.count == 0 && result.orders > 0 && audited && ended;
  if (!how.report.empty()) {
    auto facts = facts_of(how, load, result);
    facts.started = started;
    facts.passed = passed;
    sim::write_report(how.report, sim::report_json(facts, run.record()));
  }
  std::printf("sim: %s\n", passed ? "every promise held" : "NOT every promise held");
  return passed ? 0 : 1;
}

/// On a Troupe of the simulation's own.
int play_with_faults(const simulation_options& how, sim::load_options& load,
                     const sim::fault_plan& plan) {
  std::printf("sim: starting PostgreSQL, Kafka, the gateway simulator and Troupe\n");
  fault_rig rig(how.folder, plan, load.seed, static_cast<int>(nodes_of(how)));
  std::printf("sim: they run in %s\n", rig.folder().c_str());
  if (!rig.skipped().empty())
    std::printf("sim: skipped %s\n", rig.skipped().c_str());
  load.urls = rig.urls();
  load.admin_token = rig.settings().admin.token;
  const auto code = play(rig.settings(), how, load, &rig);
  if (code == 0)
    rig.clear_up();
  else
    std::printf("sim: the logs are in %s\n", rig.folder().c_str());
  return code;
}

} // namespace

int run_simulation(const config& c, const simulation_options& how) {
  // Whoever reads along through a pipe sees each line at once.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  auto [plan, wrong] = read_scenario(how.scenario);
  const auto flags = apply(how, plan);
  wrong.insert(wrong.end(), flags.begin(), flags.end());
  sim::load_options load{
      plan, sim::node_urls(how.urls, wrong), {}, how.seed ? *how.seed : std::random_device{}()};
  if (!read_token(c, how.admin_token_file, load.admin_token))
    wrong.push_back("--admin-token-file: " + how.admin_token_file + " holds no token");
  fault_plan_result faults;
  if (!how.faults.empty())
    faults = read_fault_plan(how.faults, nodes_of(how));
  wrong.insert(wrong.end(), faults.mistakes.begin(), faults.mistakes.end());
  for (const auto& mistake : wrong)
    std::fprintf(stderr, "troupe: %s\n", mistake.c_str());
  if (!wrong.empty())
    return 2;
  try {
    return how.faults.empty() ? play(c, how, load, nullptr)
                              : play_with_faults(how, load, faults.plan);
  } catch (const sim::setup_failed& e) {
    std::fprintf(stderr, "troupe: %s cannot be used: %s\n", target_of(load).c_str(), e.what());
  } catch (const std::runtime_error& e) {
    std::fprintf(stderr, "troupe: %s\n", e.what());
  }
  return 2;
}

} // namespace troupe
