#pragma once
// The texts of docs/ that the program serves, as the build compiled them in.

#include <span>
#include <string_view>

namespace troupe::http {

struct document {
  std::string_view path; ///< "/openapi.yaml"
  std::string_view content_type;
  std::string_view text;
};

std::span<const document> documents();

} // namespace troupe::http
