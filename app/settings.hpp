#pragma once
// The list of all settings: section, key, where it goes and what it may be. Reading the file,
// reading the environment and naming unknown keys all walk this one list.

#include "app/config.hpp"

#include <string>
#include <variant>
#include <vector>

namespace troupe {

struct setting {
  std::string section, key;
  std::variant<std::string*, int64_t*, std::vector<std::string>*, bool*> target;
  int64_t least = 0, most = 0;      ///< of a number
  std::vector<std::string> choices; ///< of a text; empty: any

  std::string name() const { return section + "." + key; }
  std::string variable() const; ///< TROUPE_SECTION_KEY
};

/// The targets point into `c`.
std::vector<setting> settings_of(config& c);

} // namespace troupe
