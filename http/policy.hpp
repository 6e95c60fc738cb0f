#pragma once
// Which Host names and which Origins a front answers to. Pure, made once from the options.

#include <string>
#include <string_view>
#include <vector>

namespace troupe::http {

class host_policy {
public:
  /// `names` without port, in any case of letters.
  explicit host_policy(std::vector<std::string> names) : names_(std::move(names)) {}

  /// `authority` is `host[:port]`, as in a Host header: loopback or one of the names.
  bool allows(std::string_view authority) const;

private:
  std::vector<std::string> names_;
};

class origin_policy {
public:
  /// Each is an origin as browsers send it, or `scheme://host:*` for any port, or none.
  explicit origin_policy(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  bool any() const { return !origins_.empty(); }
  bool allows(std::string_view origin) const;

private:
  std::vector<std::string> origins_;
};

} // namespace troupe::http
