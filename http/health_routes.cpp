#include "http/health_routes.hpp"

#include "http/views.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace troupe::http {

namespace {

using checks = std::map<std::string, health_check>;

/// The worst of them; a degraded dependency delays work, and stops none.
health worst_of(const checks& all) {
  auto worst = health::up;
  for (const auto& [name, check] : all)
    worst = std::max(worst, check.state);
  return worst;
}

view checks_view(const checks& all) {
  auto result = view::object();
  for (const auto& [name, check] : all) {
    result[name] = {{"status", to_string(check.state)}};
    if (!check.detail.empty())
      result[name]["detail"] = check.detail;
  }
  return result;
}

/// 503 with the phase unless serving; else 503 only when a dependency is down.
response readiness(const health_board& board, const std::string& scope) {
  const auto phase = board.phase();
  const auto all = board.checks(scope);
  const auto worst = worst_of(all);
  const bool serving = phase == "serving";
  response result{.status = serving && worst != health::down ? 200 : 503};
  result.body
      = text_of({{"status", serving ? to_string(worst) : phase}, {"checks", checks_view(all)}});
  if (result.status == 503)
    result.headers.emplace_back("Retry-After", "1");
  return result;
}

/// Counters of one (route, method, status class), looked up once: the registry takes a lock.
struct access_counters {
  prometheus::Counter* requests = nullptr;
  prometheus::Histogram* seconds = nullptr;
};

std::string class_of(int status) {
  return std::to_string(status / 100) + "xx";
}

class access_recorder {
public:
  access_recorder(metrics& counters, std::string server)
      : counters_(counters), server_(std::move(server)) {}

  void record(const access& a) {
    auto& to = counters_for(a);
    to.requests->Increment();
    to.seconds->Observe(std::chrono::duration<double>(a.took).count());
    log::debug("http.access", {{"server", server_},
                               {"method", a.method},
                               {"target", a.target},
                               {"status", a.status},
                               {"us", a.took.count()}});
  }

private:
  access_counters& counters_for(const access& a) {
    // Routes and known methods only: what clients make up must not make up series.
    const std::string route = a.route.empty() ? "none" : std::string(a.route);
    const std::string method = a.route.empty() ? "any" : std::string(a.method);
    auto& found = known_[route + ' ' + method + ' ' + class_of(a.status)];
    if (found.requests == nullptr) {
      const metrics::labels labels = {{"server", server_}, {"route", route}, {"method", method}};
      auto with_class = labels;
      with_class["status"] = class_of(a.status);
      found.requests
          = &counters_.counter("troupe_http_requests_total", "Requests answered", with_class);
      found.seconds = &counters_.histogram(
          "troupe_http_request_seconds", "From the whole request read to its answer",
          {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15},
          labels);
    }
    return found;
  }

  metrics& counters_;
  std::string server_;
  std::unordered_map<std::string, access_counters> known_;
};

} // namespace

void add_health_routes(front& f, const health_board& board, const metrics& counters,
                       std::string scope) {
  f.get("/health/live", [](const request&, reply to) {
    to.send({.status = 200, .body = text_of({{"status", "up"}})});
  });
  auto ready = [&board, scope = std::move(scope)](const request&, reply to) {
    to.send(readiness(board, scope));
  };
  f.get("/health/ready", ready);
  f.get("/health", ready);
  f.get("/metrics", [&counters](const request&, reply to) {
    to.send({.status = 200,
             .body = counters.text(),
             .content_type = "text/plain; version=0.0.4; charset=utf-8"});
  });
}

bool is_health_route(std::string_view pattern) {
  return pattern == "/metrics" || pattern == "/health" || pattern.starts_with("/health/");
}

std::function<void(const access&)> count_access(metrics& counters, std::string server) {
  // One front calls it, on its own thread.
  auto recorder = std::make_shared<access_recorder>(counters, std::move(server));
  return [recorder](const access& a) { recorder->record(a); };
}

std::function<void()> count_cut_off(metrics& counters, const std::string& server) {
  auto& cut = counters.counter("troupe_http_streams_cut_off_total",
                               "Streams whose client read too slowly", {{"server", server}});
  return [&cut] { cut.Increment(); };
}

} // namespace troupe::http
