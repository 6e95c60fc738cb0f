#include "http/problem.hpp"

namespace troupe::http {

response to_response(const problem& what, std::string_view instance) {
  const std::string title
      = what.title.empty() ? std::string(reason_phrase(what.status)) : what.title;
  nlohmann::json body = what.extra.is_object() ? what.extra : nlohmann::json::object();
  body["type"] = "urn:troupe:problem:" + what.code;
  body["title"] = title;
  body["status"] = what.status;
  body["detail"] = what.detail.empty() ? title : what.detail;
  body["instance"] = instance;
  body["code"] = what.code;
  body["error"] = title;
  if (!what.errors.empty()) {
    auto& errors = body["errors"] = nlohmann::json::array();
    for (const auto& e : what.errors)
      errors.push_back({{"pointer", e.pointer}, {"detail", e.detail}});
  }
  response out{.status = what.status, .content_type = "application/problem+json"};
  // A detail may quote what a client sent, which need not be UTF-8.
  out.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (what.retry_after)
    out.headers.emplace_back("Retry-After", std::to_string(*what.retry_after));
  return out;
}

} // namespace troupe::http
