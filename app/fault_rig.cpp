#include "app/fault_rig.hpp"

#include "app/signals.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace troupe {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const fs::path this_program = "/proc/self/exe";

/// Of the checkout that this program was built in: ROOT/build/<preset>/troupe.
fs::path script() {
  const auto root = fs::canonical(this_program).parent_path().parent_path().parent_path();
  auto found = root / "scripts/sim-system.sh";
  if (!fs::exists(found))
    throw std::runtime_error("--faults needs the checkout that this program was built in: there is "
                             "no "
                             + found.string());
  return found;
}

fs::path fresh_folder() {
  auto name = (fs::temp_directory_path() / "troupe-sim.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), name);
  return name;
}

/// Another run's data, or somebody else's files, are no place for it.
fs::path empty_folder(const std::string& name) {
  auto folder = fs::absolute(name);
  fs::create_directories(folder);
  if (!fs::is_empty(folder))
    throw std::runtime_error("--folder: " + folder.string() + " is not empty");
  return folder;
}

} // namespace

fault_rig::fault_rig(const std::string& folder, const sim::fault_plan& plan, uint64_t seed,
                     int nodes)
    : fresh_(folder.empty()) {
  const auto starter = script();
  const auto of_network = sim::network_kinds(plan);
  folder_ = fresh_ ? fresh_folder() : empty_folder(folder);
  system_.emplace(starter, folder_, fs::canonical(this_program), nodes, !of_network.empty());
  await_ready(plan);
  if (const auto& why = system_->no_network(); !why.empty())
    skipped_ = fmt::format("{}: {}", fmt::join(of_network, ", "), why);
  plan_ = sim::schedule(skipped_.empty() ? plan : sim::without_network(plan), seed, nodes);
  auto read = read_config("", false, system_->environment());
  if (!read.mistakes.empty())
    throw std::runtime_error(read.mistakes.front());
  settings_ = std::move(read.values);
}

void fault_rig::await_ready(const sim::fault_plan& plan) {
  const auto give_up = [this](const std::string& why) {
    system_->end();
    clear_up();
    throw std::runtime_error(why);
  };
  while (!system_->ready(100ms)) {
    if (await_ending_signal(0ms))
      give_up("ended before everything was started");
    if (const auto& why = system_->no_network();
        !why.empty() && sim::plans_nothing(sim::without_network(plan)))
      give_up("nothing of the plan can be done here: " + why);
  }
}

void fault_rig::clear_up() {
  std::error_code ignored;
  if (fresh_)
    fs::remove_all(folder_, ignored);
}

} // namespace troupe
