#pragma once
// Errors as application/problem+json (RFC 9457), in the one shape that all routes answer with:
// type, title, status, detail, instance, code, error (= title), and errors for bad fields.

#include "http/message.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::http {

struct field_error {
  std::string pointer; ///< JSON pointer fragment: "#/items/0/quantity"
  std::string detail = {};
};

struct problem {
  int status = 500;
  std::string code = {};   ///< stable, machine-readable: "price_changed"
  std::string title = {};  ///< what the frontend shows; the status's phrase when empty
  std::string detail = {}; ///< the title when empty; never internals
  std::vector<field_error> errors = {};
  nlohmann::json extra = {}; ///< an object whose members are added (`prices`, `stock`), or null
  std::optional<int> retry_after = {}; ///< seconds, for the Retry-After header
};

/// The answer for a problem. `instance` is the path of the request, without its query.
response to_response(const problem& what, std::string_view instance);

} // namespace troupe::http
