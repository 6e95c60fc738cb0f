#pragma once
// Which faults are done to a local system, and when. Pure.

#include "sim/toml_file.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace troupe::sim {

/// A kind of fault. Its name is also the command that does it, of scripts/sim-system.sh.
struct fault_kind {
  std::string_view name;
  std::string_view look; ///< what says that it has met something; empty: doing it says so
  std::string_view mend; ///< empty: it is over at once

  /// Only where nodes have network namespaces of their own.
  constexpr bool of_network() const { return name.starts_with("network."); }
  /// Done to one node: its commands name it.
  constexpr bool of_node() const { return name.starts_with("troupe.") || of_network(); }
  /// There must be others.
  constexpr bool between_nodes() const {
    return name == "network.node" || name == "network.one_way";
  }
};

inline constexpr std::array<fault_kind, 15> fault_kinds{{
    {"troupe.kill", "", "troupe.start"},
    {"troupe.freeze", "", "troupe.thaw"},
    {"postgres.stop", "", "postgres.start"},
    {"postgres.freeze", "", "postgres.thaw"},
    {"postgres.terminate", "", ""},
    {"kafka.stop", "", "kafka.start"},
    {"kafka.kill", "", "kafka.start"},
    {"gateway.slow", "gateway.met", "gateway.mend"},
    {"gateway.fail", "gateway.met", "gateway.mend"},
    {"gateway.break", "gateway.met", "gateway.mend"},
    {"network.node", "", "network.mend"},
    {"network.one_way", "", "network.mend"},
    {"network.postgres", "", "network.mend"},
    {"network.kafka", "", "network.mend"},
    {"network.slow", "network.met", "network.mend"},
}};

/// As in a file of sim/faults/; docs/simulation.md says what each key means.
struct fault_plan {
  int64_t from_ms = 3000, until_ms = 45'000; ///< of the run: when faults are fired
  struct part {
    int64_t times = 0;
    int64_t hold_ms = 1000; ///< until it is mended
  };
  std::array<part, fault_kinds.size()> parts{}; ///< in the order of `fault_kinds`
};

/// The kinds of the network that the plan has; empty: it needs none.
std::vector<std::string_view> network_kinds(const fault_plan& plan);
/// The rest of it.
fault_plan without_network(fault_plan plan);
bool plans_nothing(const fault_plan& plan);

/// sim/faults/*.toml, which travel inside the program.
std::span<const toml_file> fault_plan_files();

struct planned_fault {
  size_t kind = 0; ///< index in `fault_kinds`
  std::chrono::milliseconds at{0};
  std::chrono::milliseconds hold{0};
  int node = 0; ///< counted from 0; of a kind that is done to one
};

/// The faults of the plan, in the order of their moments, which the seed gives: the time is divided
/// evenly among them, and each comes somewhere in the first half of its part, so that there is time
/// to recover. The seed also says which of the `nodes` each is done to.
std::vector<planned_fault> schedule(const fault_plan& plan, uint64_t seed, int nodes = 1);

} // namespace troupe::sim
