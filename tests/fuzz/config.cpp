// Configuration files and environments: every one is read or refused by name. The input is the
// file; what stands behind a NUL is an environment, its entries separated by NULs.

#include "app/config.hpp"
#include "app/settings.hpp"

#include "check.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

using namespace troupe;

namespace {

/// A file in memory with a path, written anew for each input.
class memory_file {
public:
  memory_file() : fd_(::memfd_create("config", 0)) { FUZZ_CHECK(fd_ >= 0); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  void write(std::string_view text) const {
    FUZZ_CHECK(::ftruncate(fd_, 0) == 0);
    FUZZ_CHECK(::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }

private:
  int fd_;
};

/// No file of this machine is read: one that the input names for a secret is not there.
bool names_a_file(std::string_view text) {
  return text.find("_file") != std::string_view::npos
         || text.find("_FILE") != std::string_view::npos
         || text.find('\\') != std::string_view::npos;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const memory_file file;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (names_a_file(text))
    return 0;
  const auto end = text.find('\0');
  file.write(text.substr(0, end));
  std::vector<std::string> environment;
  while (end != std::string_view::npos && !text.empty()) {
    text.remove_prefix(std::min(text.find('\0'), text.size() - 1) + 1);
    environment.emplace_back(text.substr(0, text.find('\0')));
  }
  auto result = read_config(file.path(), true, environment);
  for (const auto& mistake : result.mistakes)
    FUZZ_CHECK(mistake.find(": ") != std::string::npos);
  for (const auto& s : settings_of(result.values))
    if (const auto* number = std::get_if<int64_t*>(&s.target))
      FUZZ_CHECK(**number >= s.least && **number <= s.most);
  check_for_serving(result.values);
  return 0;
}
