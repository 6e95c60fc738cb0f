#pragma once
// The command line of `troupe sim` and `troupe sim compare`.

#include "app/simulation.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace troupe {

struct simulation_command {
  CLI::App* run = nullptr;
  CLI::App* compare = nullptr;
  simulation_options options = {};
  std::string report_a = {}, report_b = {};
};

/// Adds both to `app`; `command` must stay where it is while `app` parses.
void add_simulation_command(CLI::App& app, simulation_command& command);

} // namespace troupe
