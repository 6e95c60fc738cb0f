#include "http/serve.hpp"

#include "domain/ids.hpp"
#include "http/fault_table.hpp"
#include "http/health_routes.hpp"
#include "http/who.hpp"

#include <utility>

namespace troupe::http {

namespace {

problem bad_request(std::string code, std::string title) {
  return {.status = 400, .code = std::move(code), .title = std::move(title)};
}

void run_first(const backend& b, const route_step& first, const call_ptr& c) {
  const auto to = b.behind();
  if (!to) {
    auto why = problem_of(fault::unavailable, {});
    why.detail = "The server is " + b.health.phase() + ".";
    throw refused(std::move(why));
  }
  first(b, *to, c);
}

/// The body's `userId`; whatever else stands there is malformed.
std::string user_in(const json_input* body) {
  const auto* found = body == nullptr ? nullptr : body->find(json_input::pointer("/userId"));
  if (found == nullptr)
    return {};
  return found->is_string() ? found->get<std::string>() : "?";
}

std::string user_named(const backend& b, const call& c, const json_input* body) {
  auto user = choose_user(c.asked.header("X-User-Id").value_or(""), user_in(body),
                          c.asked.query_param("userId").value_or(""), b.options.default_user);
  if (!user)
    throw refused(bad_request("invalid_user", "The user id is malformed"));
  return std::move(*user);
}

} // namespace

handler serve_within(const backend& b, route_step first, std::chrono::milliseconds limit) {
  return [&b, first = std::move(first), limit](request asked, reply to) {
    const auto c
        = std::make_shared<call>(std::move(asked), std::move(to), call::clock::now() + limit);
    run_step(*c, [&] { run_first(b, first, c); });
  };
}

handler serve(const backend& b, route_step first) {
  return serve_within(b, std::move(first), b.options.answer_within);
}

std::function<std::optional<problem>(const request&)> admit_by_address(const backend& b) {
  return [&b](const request& asked) -> std::optional<problem> {
    if (is_health_route(asked.route))
      return std::nullopt;
    return b.rates.check_address(asked.remote_address);
  };
}

std::string user_of(const backend& b, const call& c, const json_input* body) {
  auto user = user_named(b, c, body);
  if (auto why = b.rates.check_user(user))
    throw refused(*std::move(why));
  return user;
}

bool asks_for_all(const backend& b, const call& c) {
  const auto scope = c.asked.query_param("scope");
  if (!scope)
    return false;
  if (*scope != "all")
    refuse_if_bad({{"?scope", "must be all"}});
  require_admin(b, c);
  return true;
}

std::string owner_of(const backend& b, const call& c) {
  user_named(b, c, nullptr); // a malformed one is refused also where it does not count
  return asks_for_all(b, c) ? std::string() : user_of(b, c);
}

void require_admin(const backend& b, const call& c) {
  if (!is_admin(c.asked.header("Authorization").value_or(""), b.options.admin_token))
    throw refused({.status = 401, .code = "unauthorized", .title = "An admin token is needed"});
}

std::string id_of(const call& c) {
  const auto id = c.asked.path_param("id");
  if (!valid_id(id))
    throw refused(problem_of(fault::not_found, {}));
  return std::string(id);
}

std::optional<idempotency> key_of(const call& c, const std::string& user) {
  const auto key = c.asked.header("Idempotency-Key");
  if (!key)
    return std::nullopt;
  if (!valid_idempotency_key(*key) || c.asked.header_count("Idempotency-Key") > 1)
    throw refused(
        bad_request("invalid_idempotency_key",
                    "The Idempotency-Key must be 1 to 255 visible ASCII characters, sent once"));
  return idempotency{idempotency_scope(user, c.asked.method, c.asked.path, *key),
                     idempotency_digest(*key, c.asked.body)};
}

json_input body_of(const call& c, body_is needed) {
  if (!c.asked.body.empty() && !c.asked.has_json_type())
    throw refused({.status = 415,
                   .code = "unsupported_media_type",
                   .title = "The body must be sent as application/json"});
  json_input in(c.asked.body, needed == body_is::optional);
  refuse_if_bad(in.complaints());
  return in;
}

void refuse_if_bad(const std::vector<field_error>& complaints) {
  if (complaints.empty())
    return;
  auto why = bad_request("invalid_request", "The request is not valid");
  why.detail = complaints.front().pointer + " " + complaints.front().detail;
  why.errors = complaints;
  throw refused(std::move(why));
}

response json_answer(int status, const view& body) {
  return text_answer(status, text_of(body));
}

response text_answer(int status, std::string json) {
  return {.status = status, .body = std::move(json)};
}

} // namespace troupe::http
