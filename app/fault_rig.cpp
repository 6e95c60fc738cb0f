#include "app/fault_rig.hpp"

#include "app/signals.hpp"

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

fault_rig::fault_rig(const std::string& folder, std::vector<sim::planned_fault> plan)
    : fresh_(folder.empty()), plan_(std::move(plan)) {
  const auto starter = script();
  folder_ = fresh_ ? fresh_folder() : empty_folder(folder);
  system_.emplace(starter, folder_, fs::canonical(this_program));
  while (!system_->ready(100ms))
    if (await_ending_signal(0ms)) {
      system_->end();
      clear_up();
      throw std::runtime_error("ended before everything was started");
    }
  auto read = read_config("", false, system_->environment());
  if (!read.mistakes.empty())
    throw std::runtime_error(read.mistakes.front());
  settings_ = std::move(read.values);
}

void fault_rig::clear_up() {
  std::error_code ignored;
  if (fresh_)
    fs::remove_all(folder_, ignored);
}

} // namespace troupe
