#pragma once
// Broken promises to plant into the databases that walk_cleanly has left.

#include "persistence/migrations.hpp"

#include <set>
#include <string>
#include <vector>

namespace troupe::test {

struct violation {
  const char* what;
  database where;
  std::string script;
  std::set<int> by;           ///< the checks that find it
  bool only_quiesced = false; ///< it may be so while something is under way
};

const std::vector<violation>& violations();

} // namespace troupe::test
