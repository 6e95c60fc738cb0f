#include "http/document_routes.hpp"

#include "http/documents.hpp"
#include "http/who.hpp"

#include <string>

namespace troupe::http {

namespace {

/// The page runs no script, and loads its style sheet only.
constexpr const char* content_policy
    = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'";

response answer_with(const document& d, const std::string& etag, const request& asked) {
  response out{.headers = {{"ETag", etag},
                           {"Cache-Control", "no-cache"},
                           {"Content-Security-Policy", content_policy},
                           {"X-Content-Type-Options", "nosniff"}}};
  if (none_match_holds(asked.header("If-None-Match").value_or(""), etag)) {
    out.status = 304;
    return out;
  }
  out.body = d.text;
  out.content_type = d.content_type;
  return out;
}

} // namespace

void add_document_routes(front& f) {
  for (const auto& d : documents())
    f.get(std::string(d.path),
          [&d, etag = '"' + sha256_hex(d.text) + '"'](const request& asked, reply to) {
            to.send(answer_with(d, etag, asked));
          });
}

} // namespace troupe::http
