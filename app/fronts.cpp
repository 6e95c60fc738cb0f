#include "app/fronts.hpp"

#include "http/analytics_routes.hpp"
#include "http/catalogue_routes.hpp"
#include "http/cluster_routes.hpp"
#include "http/diagnosis_routes.hpp"
#include "http/document_routes.hpp"
#include "http/health_routes.hpp"
#include "http/inventory_routes.hpp"
#include "http/letter_routes.hpp"
#include "http/notification_routes.hpp"
#include "http/order_list_routes.hpp"
#include "http/order_routes.hpp"
#include "http/serve.hpp"
#include "http/web_routes.hpp"

#include <stdexcept>
#include <system_error>

namespace troupe {

namespace {

using add_routes = void (*)(http::front&, const http::backend&);

/// One port: its key in the configuration, whose checks it shows, what it serves.
struct port {
  const char* name;
  int64_t number;
  std::string scope; ///< of its health checks and letters: a service's name; empty: all
  std::vector<add_routes> routes;
};

std::vector<port> ports_of(const config& c) {
  using namespace http;
  return {
      {"order",
       c.server.order_port,
       "order",
       {add_order_routes, add_order_list_routes, add_diagnosis_routes, add_analytics_routes,
        add_cluster_routes}},
      {"payment", c.server.payment_port, "payment", {}},
      {"inventory",
       c.server.inventory_port,
       "inventory",
       {add_catalogue_routes, add_inventory_routes}},
      {"emailing", c.server.emailing_port, "emailing", {add_notification_routes}},
      {"gateway",
       c.server.gateway_port,
       "",
       {add_order_routes, add_order_list_routes, add_diagnosis_routes, add_analytics_routes,
        add_catalogue_routes, add_inventory_routes, add_notification_routes, add_cluster_routes}}};
}

std::unique_ptr<http::front> bind_front(const config& c, const port& p,
                                        const http::backend& behind) {
  http::front_options options;
  options.name = p.name;
  options.bind = c.server.bind;
  options.port = static_cast<uint16_t>(p.number);
  options.max_connections = static_cast<size_t>(c.server.max_connections);
  options.hosts = c.server.hosts;
  options.hosts.push_back(c.server.bind);
  options.cors_origins = c.server.cors_origins;
  options.trusted_proxies = c.server.trusted_proxies;
  options.admit = http::admit_by_address(behind);
  options.on_access = http::count_access(behind.counters, p.name);
  options.on_cut_off = http::count_cut_off(behind.counters, p.name);
  try {
    return std::make_unique<http::front>(std::move(options));
  } catch (const std::system_error& e) {
    throw std::runtime_error(std::string("server.") + p.name + "_port: " + e.what());
  }
}

} // namespace

fronts::fronts(const config& c, const http::backend& behind) {
  for (const auto& p : ports_of(c)) {
    auto& front = *fronts_.emplace_back(bind_front(c, p, behind));
    http::add_health_routes(front, behind.health, behind.counters, p.scope);
    http::add_letter_routes(front, behind, service_from(p.scope));
    http::add_document_routes(front);
    for (auto add : p.routes)
      add(front, behind);
  }
  http::add_web_routes(*fronts_.back());
  for (auto& front : fronts_)
    front->start();
}

std::vector<http::route_name> fronts::gateway_routes() const {
  return fronts_.back()->routes();
}

void fronts::drain(std::chrono::milliseconds limit) {
  for (auto& front : fronts_)
    front->stop_accepting();
  auto until = std::chrono::steady_clock::now() + limit;
  for (auto& front : fronts_)
    front->drain(std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now()));
}

void fronts::stop() {
  for (auto& front : fronts_)
    front->stop();
}

} // namespace troupe
