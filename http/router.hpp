#pragma once
// Which handler a path belongs to. Patterns are matched segment by segment on the decoded path, in
// the order of their registration: linear in the path, whatever a client sends.

#include "http/front.hpp"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::http {

class router {
public:
  struct route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments; ///< ":name" takes any
    handler run;
  };

  struct found {
    const route* to = nullptr; ///< stays valid as long as the router; null: no such route
    header_list params;
    std::string allow; ///< methods of the path when only the method did not fit; else empty
  };

  /// Throws `std::invalid_argument` for a pattern that is no absolute path.
  void add(std::string method, std::string pattern, handler run);

  /// HEAD finds the route of GET.
  found find(std::string_view method, std::string_view path) const;

  /// In the order of their registration.
  std::vector<route_name> names() const;

private:
  std::deque<route> routes_;
};

} // namespace troupe::http
