#pragma once
// Walks every world that can be reached, and looks for broken promises.

#include "tests/domain/model_world.hpp"

#include <map>
#include <string>

namespace model {

struct walk_result {
  size_t states = 0;
  size_t settled = 0; ///< worlds from which the order settles without wishes and without faults
  std::map<std::string, size_t> ends; ///< final worlds by status and payment status
  /// Each broken promise with the shortest way to it.
  std::map<std::string, std::string> violations;
};

struct setting {
  int stock = 0;    ///< units that are there at the start
  int restocks = 0; ///< units that the admin may add, at any time
  int losses = 0;   ///< records that may be lost
  /// Nothing fails and no deadline fires: an order must settle by itself (or wait for the
  /// customer).
  bool fair_weather = false;
};

/// From an order that has just been created.
walk_result walk(const rules& r, const setting& s);

} // namespace model
