#include "app/simulation_command.hpp"

namespace troupe {

void add_simulation_command(CLI::App& app, simulation_command& command) {
  auto& o = command.options;
  auto* run = app.add_subcommand(
      "sim",
      "Play customers and operators against a running Troupe, and say whether every promise\n"
      "held: exit code 0, else 1; 2 for wrong usage. Ctrl-C ends early, with the verdict.\n"
      "The audit at the end reads the configured databases. docs/simulation.md says more.");
  run->add_option("scenario", o.scenario,
                  "smoke, steady, peak, flash-sale, pollers, chaos, or a file");
  auto* url = run->add_option("--url", o.urls,
                              "The gateway; of several nodes each, by a flag or a comma between")
                  ->delimiter(',')
                  ->allow_extra_args(false)
                  ->capture_default_str();
  run->add_option("--seed", o.seed, "Of all that is drawn; printed, and drawn itself by default");
  run->add_option("--speed", o.speed, "How much faster than people customers are");
  run->add_option("--customers", o.customers, "Closed loop: so many at once, each coming again");
  run->add_option("--rate", o.rate, "Open loop: so many come each second");
  run->add_option("--duration", o.duration, "Seconds of load");
  run->add_option("--settle", o.settle, "Seconds for all to come to rest, at the end");
  run->add_option("--report", o.report, "A folder for report.html and report.json");
  run->add_option("--admin-token-file", o.admin_token_file,
                  "Holds the admin's token (default: the configured one)");
  run->add_flag("--no-audit", o.no_audit, "Do without the audit");
  auto* faults = run->add_option(
      "--faults", o.faults,
      "Start a Troupe with all that it needs, and break it: all, cluster, or a file (needs the\n"
      "checkout)");
  faults->excludes(url);
  run->add_option("--nodes", o.nodes, "So many nodes of it, 1 by default")->needs(faults);
  run->add_option("--folder", o.folder, "Of that Troupe; a fresh one by default")->needs(faults);
  auto* compare = run->add_subcommand("compare", "Print the ratios of two report.json, B to A");
  compare->add_option("A", command.report_a)->required();
  compare->add_option("B", command.report_b)->required();
  command.run = run;
  command.compare = compare;
}

} // namespace troupe
