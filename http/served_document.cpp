#include "http/served_document.hpp"

#include "http/who.hpp"

namespace troupe::http {

served_document::served_document(const document& d, std::string_view content_policy)
    : document_(d), content_policy_(content_policy), etag_('"' + sha256_hex(d.text) + '"') {}

response served_document::answer(const request& asked) const {
  response out{.headers = {{"ETag", etag_},
                           {"Cache-Control", "no-cache"},
                           {"Content-Security-Policy", std::string(content_policy_)},
                           {"Referrer-Policy", "same-origin"}}};
  if (none_match_holds(asked.header("If-None-Match").value_or(""), etag_)) {
    out.status = 304;
    return out;
  }
  out.body = document_.text;
  out.content_type = document_.content_type;
  return out;
}

} // namespace troupe::http
