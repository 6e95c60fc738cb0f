#pragma once
// The texts that the program serves, as the build compiled them in.

#include <span>
#include <string_view>

namespace troupe::http {

struct document {
  std::string_view path; ///< "/openapi.yaml"
  std::string_view content_type;
  std::string_view text;
};

/// Of docs/.
std::span<const document> documents();

/// Of web/, as "/web/lib/api.js", and what it uses of others, as "/web/vendor/bootstrap.css".
std::span<const document> web_files();

} // namespace troupe::http
