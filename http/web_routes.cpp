#include "http/web_routes.hpp"

#include "http/documents.hpp"
#include "http/problem.hpp"
#include "http/served_document.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::http {

namespace {

/// Scripts and styles are files of ours; nothing may make script of text. Style sheets draw small
/// pictures from data: URIs.
constexpr std::string_view web_policy
    = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
      "require-trusted-types-for 'script'; trusted-types 'none'";

using files = std::map<std::string_view, served_document>;

files all_files() {
  files out;
  for (const auto& d : web_files())
    out.try_emplace(d.path, d, web_policy);
  return out;
}

response file_at(const files& all, std::string_view path, const request& asked) {
  const auto found = all.find(path);
  if (found == all.end())
    return to_response({.status = 404, .code = "not_found", .detail = "there is nothing here"},
                       asked.instance());
  return found->second.answer(asked);
}

} // namespace

void add_web_routes(front& f) {
  const auto all = std::make_shared<const files>(all_files());
  const auto page = [&](const char* path, const char* file) {
    f.get(path,
          [all, file](const request& asked, reply to) { to.send(file_at(*all, file, asked)); });
  };
  page("/", "/web/index.html");
  page("/admin", "/web/admin.html");
  for (const auto* pattern : {"/web/:file", "/web/:folder/:file"})
    f.get(pattern,
          [all](const request& asked, reply to) { to.send(file_at(*all, asked.path, asked)); });
}

} // namespace troupe::http
