#pragma once
// One plain HTTP exchange on a connection of its own, for tests that look at the simulator itself.

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace troupe::test {

struct asked {
  int status = 0; ///< 0: no answer
  std::string body;
  bool timed_out = false; ///< no answer, and the connection was still there
  nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
};

asked ask(const std::string& method, const std::string& url, const std::string& body = {},
          const std::vector<std::string>& headers = {},
          std::chrono::milliseconds limit = std::chrono::seconds(10));

} // namespace troupe::test
