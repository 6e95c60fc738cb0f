#include "http/front.hpp"

#include "http/client_address.hpp"
#include "http/event_loop.hpp"
#include "http/exchange.hpp"
#include "http/front_httplib.hpp"
#include "http/listener.hpp"
#include "http/policy.hpp"
#include "http/problem.hpp"
#include "http/router.hpp"
#include "telemetry/log.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <exception>
#include <stdexcept>
#include <thread>

namespace troupe::http {

namespace {

constexpr std::array<std::string_view, 8> known_methods
    = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"};
constexpr std::string_view all_methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

bool is_known(std::string_view method) {
  return std::find(known_methods.begin(), known_methods.end(), method) != known_methods.end();
}

std::string_view header_of(const request_head& head, std::string_view name) {
  for (const auto& [key, value] : head.headers)
    if (iequals(key, name))
      return value;
  return {};
}

/// A slash that is part of a segment: decoded it would look like one that parts two segments.
bool has_encoded_slash(std::string_view path) {
  return path.find("%2f") != std::string_view::npos || path.find("%2F") != std::string_view::npos;
}

} // namespace

struct front::impl final : service {
  explicit impl(front_options o);

  std::optional<refusal> check(const request_head& head) override;
  std::string_view serve(framed_request whole, request_origin from) override;
  void answered(const access& what) override;
  void cut_off() override;

  std::string_view pass_on(request r, reply answer);
  void run(const router::found& to, request r, reply answer) const;
  response without_route(const request& r, const std::string& allow);
  response preflight(const request& r, const std::string& allow) const;
  reply reply_for(const request_head& head, request_origin from) const;

  front_options options;
  host_policy hosts;
  origin_policy origins;
  proxy_policy proxies;
  router routes;
  std::shared_ptr<mailbox> box = std::make_shared<mailbox>();
  uint16_t port = 0;
  std::unique_ptr<httplib_core> core;
  std::unique_ptr<event_loop> loop;
  std::thread thread;
};

front::impl::impl(front_options o)
    : options(std::move(o)),
      hosts(options.hosts),
      origins(options.cors_origins),
      proxies(options.trusted_proxies) {
  auto listener = listen_on(options.bind, options.port);
  port = port_of(listener);
  core = std::make_unique<httplib_core>(listener.get());
  loop = std::make_unique<event_loop>(options, std::move(listener), box, *this);
}

std::optional<refusal> front::impl::check(const request_head& head) {
  if (options.check_host && !head.authority.empty() && !hosts.allows(head.authority))
    return refusal{421, "misdirected_request", "this server does not answer to that Host"};
  return std::nullopt;
}

reply front::impl::reply_for(const request_head& head, request_origin from) const {
  exchange::request_facts about;
  about.instance = head.target.substr(0, head.target.find('?'));
  about.to_head = head.method == "HEAD";
  about.vary_origin = origins.any();
  if (const auto origin = header_of(head, "Origin"); !origin.empty() && origins.allows(origin))
    about.cors_origin = origin;
  return reply(std::make_unique<exchange>(box, std::move(from), std::move(about)));
}

std::string_view front::impl::serve(framed_request whole, request_origin from) {
  request r;
  r.remote_address = proxies.client_of(from.remote_address, whole.head.headers);
  auto answer = reply_for(whole.head, std::move(from));
  r.method = std::move(whole.head.method);
  r.target = std::move(whole.head.target);
  r.headers = std::move(whole.head.headers);
  r.body = std::move(whole.body);
  try {
    if (!is_known(r.method)) {
      answer.send(to_response({.status = 501, .code = "method_not_supported"}, r.instance()));
      return {};
    }
    auto parsed = r.target == "*" ? httplib_core::parsed_target{"*", {}} : core->parse(r.target);
    if (!parsed) {
      answer.send(to_response({.status = 400, .code = "malformed_request"}, r.instance()));
      return {};
    }
    r.path = std::move(parsed->path);
    r.query = std::move(parsed->query);
    return pass_on(std::move(r), std::move(answer));
  } catch (const std::exception& e) {
    // What was thrown may name internals: it is for the log, the client gets the plain 500 of a
    // dropped reply.
    log::error("http.failed", {{"front", options.name}, {"what", e.what()}});
  }
  return {};
}

std::string_view front::impl::pass_on(request r, reply answer) {
  const auto found
      = has_encoded_slash(r.instance()) ? router::found{} : routes.find(r.method, r.path);
  const auto pattern = found.to == nullptr ? std::string_view() : found.to->pattern;
  r.route = pattern;
  if (const auto why = options.admit ? options.admit(r) : std::nullopt)
    answer.send(to_response(*why, r.instance()));
  else if (found.to != nullptr)
    run(found, std::move(r), std::move(answer));
  else
    answer.send(without_route(r, found.allow));
  return pattern;
}

void front::impl::run(const router::found& to, request r, reply answer) const {
  r.path_params = to.params;
  try {
    to.to->run(std::move(r), std::move(answer));
  } catch (const std::exception& e) {
    log::error("http.handler_failed",
               {{"front", options.name}, {"route", to.to->pattern}, {"what", e.what()}});
  } catch (...) {
    log::error("http.handler_failed", {{"front", options.name}, {"route", to.to->pattern}});
  }
}

response front::impl::without_route(const request& r, const std::string& allow) {
  const bool reads = r.method == "GET" || r.method == "HEAD";
  if (reads && core->has_mounts() && !has_encoded_slash(r.instance()))
    if (auto file = core->file(r.target, r.header("Range").value_or("")))
      return *std::move(file);
  if (r.method == "OPTIONS" && (!allow.empty() || r.path == "*" || r.header("Origin")))
    return preflight(r, allow.empty() ? std::string(all_methods) : allow);
  if (allow.empty())
    return to_response({.status = 404, .code = "not_found", .detail = "there is nothing here"},
                       r.instance());
  auto out = to_response({.status = 405, .code = "method_not_allowed"}, r.instance());
  out.headers.emplace_back("Allow", allow);
  return out;
}

/// The answer to OPTIONS, for a browser that asks before it calls, and for any other.
response front::impl::preflight(const request& r, const std::string& allow) const {
  response out{.status = 204, .headers = {{"Allow", allow}}};
  const auto origin = r.header("Origin");
  if (!origin || !origins.allows(*origin) || !r.header("Access-Control-Request-Method"))
    return out;
  out.headers.emplace_back("Access-Control-Allow-Methods", allow);
  out.headers.emplace_back("Access-Control-Allow-Headers", cors_allowed);
  out.headers.emplace_back("Access-Control-Max-Age", "600");
  return out;
}

void front::impl::answered(const access& what) {
  if (!options.on_access)
    return;
  try {
    options.on_access(what);
  } catch (const std::exception& e) {
    log::error("http.access_hook_failed", {{"front", options.name}, {"what", e.what()}});
  }
}

void front::impl::cut_off() {
  log::info("http.cut_off", {{"front", options.name}});
  if (options.on_cut_off)
    options.on_cut_off();
}

front::front(front_options options) : impl_(std::make_unique<impl>(std::move(options))) {}

front::~front() {
  stop();
}

void front::route(std::string method, std::string pattern, handler h) {
  impl_->routes.add(std::move(method), std::move(pattern), std::move(h));
}

std::vector<route_name> front::routes() const {
  return impl_->routes.names();
}

void front::mount(const std::string& url_prefix, const std::string& directory) {
  if (!impl_->core->mount(url_prefix, directory))
    throw std::invalid_argument("no such directory: " + directory);
}

void front::start() {
  impl_->thread = std::thread([this] { impl_->loop->run(); });
  // The kernel keeps 15 characters.
  ::pthread_setname_np(impl_->thread.native_handle(), impl_->options.name.substr(0, 15).c_str());
}

uint16_t front::port() const {
  return impl_->port;
}

void front::stop_accepting() {
  if (impl_->thread.joinable())
    impl_->loop->stop_accepting();
}

bool front::drain(std::chrono::milliseconds limit) {
  return !impl_->thread.joinable() || impl_->loop->drain(limit);
}

void front::stop() {
  if (impl_->thread.joinable()) {
    impl_->loop->stop();
    impl_->thread.join();
  }
  impl_->box->close();
}

size_t front::connections() const {
  return impl_->loop->connections();
}

} // namespace troupe::http
