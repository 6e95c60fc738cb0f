#pragma once
// A file of ours that travels inside the program.

#include <string_view>

namespace troupe::sim {

struct toml_file {
  std::string_view name; ///< without its ending: "smoke"
  std::string_view text;
};

} // namespace troupe::sim
