#include "app/fault_rig.hpp"

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace troupe {

namespace {

namespace fs = std::filesystem;

const fs::path this_program = "/proc/self/exe";

fs::path fresh_folder() {
  auto name = (fs::temp_directory_path() / "troupe-sim.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), name);
  return name;
}

} // namespace

fs::path fault_rig::checkout() {
  // ROOT/build/<preset>/troupe
  auto root = fs::canonical(this_program).parent_path().parent_path().parent_path();
  if (!fs::exists(root / "scripts/sim-system.sh"))
    throw std::runtime_error("--faults needs the checkout that this program was built in: there is "
                             "no scripts/sim-system.sh in "
                             + root.string());
  return root;
}

fault_rig::fault_rig(const std::string& folder, std::vector<sim::planned_fault> plan)
    : folder_(folder.empty() ? fresh_folder() : fs::absolute(folder)),
      fresh_(folder.empty()),
      plan_(std::move(plan)) {
  system_.emplace(checkout() / "scripts/sim-system.sh", folder_, fs::canonical(this_program));
  auto read = read_config("", false, system_->environment());
  if (!read.mistakes.empty())
    throw std::runtime_error(read.mistakes.front());
  settings_ = std::move(read.values);
}

fault_rig::~fault_rig() {
  runner_.reset();
  system_.reset();
  std::error_code ignored;
  if (goes_)
    fs::remove_all(folder_, ignored);
}

void fault_rig::begin(sim::recorder& seen) {
  if (!runner_)
    runner_.emplace(plan_, *system_, seen.faults(), seen.start());
}

void fault_rig::stop() {
  if (runner_)
    runner_->stop();
}

std::vector<std::string> fault_rig::complaints() const {
  return runner_ ? runner_->complaints() : std::vector<std::string>{"no fault was done"};
}

} // namespace troupe
