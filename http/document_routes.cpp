#include "http/document_routes.hpp"

#include "http/documents.hpp"
#include "http/served_document.hpp"

#include <string>

namespace troupe::http {

namespace {

/// The page runs no script, and loads its style sheet only.
constexpr std::string_view document_policy
    = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'";

} // namespace

void add_document_routes(front& f) {
  for (const auto& d : documents())
    f.get(std::string(d.path),
          [served = served_document(d, document_policy)](const request& asked, reply to) {
            to.send(served.answer(asked));
          });
}

} // namespace troupe::http
