// troupe: reads the command line and the configuration, then runs a subcommand.

#include "app/commands.hpp"
#include "app/signals.hpp"
#include "app/simulation_command.hpp"
#include "sim/compare.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>
#include <optional>

#include <unistd.h>

namespace {

using namespace troupe;

/// The configuration, or nothing when it is wrong; every mistake has been named then.
std::optional<config> load(const std::string& file, bool given) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry)
    variables.emplace_back(*entry);
  auto result = read_config(file, given, variables);
  for (const auto& mistake : result.mistakes)
    std::fprintf(stderr, "troupe: %s\n", mistake.c_str());
  if (!result.mistakes.empty())
    return std::nullopt;
  return result.values;
}

void start_log(const config& c) {
  auto format = c.log.format == "json"   ? log::format::json
                : c.log.format == "text" ? log::format::text
                                         : log::format::automatic;
  auto level = c.log.level == "debug"   ? log::level::debug
               : c.log.level == "warn"  ? log::level::warn
               : c.log.level == "error" ? log::level::error
                                        : log::level::info;
  log::start(format, level);
}

/// Where `serve` can be made to fail, for `serve --help`.
std::string help_on_fail_points() {
  auto list = [](bool take_up_work) {
    std::string text;
    for (const auto& point : fail_points)
      if (point.takes_up_work == take_up_work)
        text.append("  ")
            .append(point.name)
            .append(std::string(26 - point.name.size(), ' '))
            .append(point.where)
            .append("\n");
    return text;
  };
  return "For tests of faults "
         "TROUPE_FAIL_POINTS=\"NAME=kill@3,NAME=pause:2000,NAME=stop,NAME=throw@5+\"\n"
         "makes the process kill, hold up or stop itself, or the actor at work throw, at the Nth\n"
         "passing of a place (N+: and at all later ones; throw:ORDER: whenever that order "
         "passes):\n"
         + list(false) + "Where actors take up their work, for throw:\n" + list(true);
}

} // namespace

int main(int argc, char** argv) {
  block_ending_signals();
  CLI::App app{"Troupe: an order engine in which every order is a supervised actor.\n\n"
               "Configuration comes from config.toml; each key is also an environment variable\n"
               "TROUPE_SECTION_KEY, which wins: TROUPE_SERVER_GATEWAY_PORT=8080.",
               "troupe"};
  app.set_version_flag("--version", std::string("troupe ") + TROUPE_VERSION);
  app.require_subcommand(1);
  std::string file = "config.toml";
  bool seed = false, quiesced = false, trouble = false;
  auto* serve_command = app.add_subcommand(
      "serve", "Serve the four services and the gateway until SIGINT or SIGTERM.\n"
               "Needs four PostgreSQL databases and Kafka; ./run starts private ones.");
  auto* migrate_command = app.add_subcommand(
      "migrate", "Bring every configured database to the newest schema. Safe to repeat.");
  auto* gateway_command = app.add_subcommand(
      "gateway-sim", "Run the payment gateway simulator alone, with its books in\n"
                     "databases.gateway. Its protocol is docs/payment-gateway.md.");
  serve_command->footer(help_on_fail_points());
  auto* audit_command = app.add_subcommand(
      "audit", "Look for broken promises in the four databases and the gateway's books.\n"
               "Read-only, also while nodes serve. One line a check; exit code 1 if one finds\n"
               "something, 2 if it cannot look.");
  simulation_command simulation;
  add_simulation_command(app, simulation);
  for (auto* command :
       {serve_command, migrate_command, gateway_command, audit_command, simulation.run})
    command->add_option("--config", file, "The configuration file")->capture_default_str();
  migrate_command->add_flag("--seed", seed, "Also fill an empty catalogue with 100 products");
  gateway_command->add_flag(
      "--trouble", trouble,
      "Let anybody who reaches it make it slow or fail (PUT /trouble): for tests");
  audit_command->add_flag("--quiesced", quiesced,
                          "Nothing is under way: also look for what was left undone");
  try {
    app.parse(argc, argv);
    if (*simulation.run && !*simulation.compare && simulation.options.scenario.empty())
      throw CLI::RequiredError("scenario");
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (*simulation.compare)
    return sim::compare_reports(simulation.report_a, simulation.report_b, std::cout, std::cerr);
  bool given = false;
  for (auto* command : app.get_subcommands())
    given = command->count("--config") > 0;
  auto c = load(file, given);
  if (!c)
    return 2;
  start_log(*c);
  if (*serve_command)
    return serve(*c);
  if (*migrate_command)
    return migrate_databases(*c, seed);
  if (*audit_command)
    return run_audit(*c, quiesced);
  if (*simulation.run)
    return run_simulation(*c, simulation.options);
  return run_gateway_simulator(*c, trouble);
}
