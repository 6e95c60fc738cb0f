#include "sim/gateway_simulator.hpp"

#include "domain/ids.hpp"
#include "http/front.hpp"
#include "http/problem.hpp"
#include "sim/desk_pool.hpp"
#include "sim/gateway_trouble.hpp"
#include "sim/late_replies.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <atomic>
#include <random>
#include <stdexcept>
#include <utility>

namespace troupe::sim {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds drain_limit{2000};

void require_sense(const gateway_simulator_options& options) {
  if (options.latency_min < milliseconds(0) || options.latency_max < options.latency_min)
    throw std::invalid_argument("gateway simulator: latencies must be 0 <= min <= max");
  if (options.threads < 1 || options.waiting < 1 || options.held < 1)
    throw std::invalid_argument("gateway simulator: threads, waiting and held must be at least 1");
}

std::vector<gateway_desk> make_desks(const gateway_simulator_options& options) {
  std::vector<gateway_desk> desks;
  desks.reserve(static_cast<size_t>(options.threads));
  for (int i = 0; i < options.threads; ++i)
    desks.emplace_back(make_gateway_ledger(options.conninfo), random_ids());
  return desks;
}

http::response too_busy(const http::request& what) {
  http::problem why;
  why.status = 503;
  why.code = "busy";
  why.detail = "Too many requests are waiting.";
  why.retry_after = 1;
  return http::to_response(why, what.instance());
}

http::response failed() {
  http::problem why;
  why.status = 500;
  why.code = "trouble";
  why.detail = "The simulator was told to fail.";
  return http::to_response(why, "");
}

} // namespace

struct gateway_simulator::impl {
  explicit impl(const gateway_simulator_options& with)
      : options(with),
        random(with.seed),
        trouble(with.seed),
        late(with.held),
        desks(make_desks(with), with.waiting,
              [this](desk_answer answer, http::reply to) {
                deliver(std::move(answer), std::move(to));
              }),
        front(front_options()) {
    for (const char* pattern : {"/charges", "/charges/:key/void", "/refunds"})
      front.post(pattern, [this](http::request what, http::reply to) {
        hand_over(std::move(what), std::move(to));
      });
    for (const char* pattern :
         {"/charges/:key", "/refunds/:key", "/ledger", "/health", "/health/ready"})
      front.get(pattern, [this](http::request what, http::reply to) {
        hand_over(std::move(what), std::move(to));
      });
    front.get("/health/live", [](const http::request&, http::reply to) {
      to.send({.status = 200, .headers = {}, .body = R"({"status":"up"})"});
    });
    front.get("/metrics", [this](const http::request&, http::reply to) {
      to.send({.status = 200,
               .headers = {},
               .body = counted.text(),
               .content_type = "text/plain; version=0.0.4; charset=utf-8"});
    });
    if (options.trouble)
      for (auto add : {&http::front::get, &http::front::put})
        (front.*add)("/trouble", [this](const http::request& what, http::reply to) {
          to.send(trouble.serve(what));
        });
    front.start();
  }

  http::front_options front_options() {
    http::front_options out;
    out.name = "gateway-sim";
    out.bind = options.bind;
    out.port = options.port;
    out.hosts = options.hosts;
    out.cors_origins = {};
    out.on_access = [this](const http::access& seen) {
      counted
          .counter("troupe_gateway_sim_requests_total", "Requests answered by the simulator.",
                   {{"route", std::string(seen.route)}, {"status", std::to_string(seen.status)}})
          .Increment();
    };
    return out;
  }

  void hand_over(http::request what, http::reply to) {
    auto busy = too_busy(what);
    if (auto back = desks.post(std::move(what), std::move(to)))
      back->send(std::move(busy));
  }

  void deliver(desk_answer answer, http::reply to) {
    counted
        .counter("troupe_gateway_sim_outcomes_total", "What the simulator decided.",
                 {{"outcome", answer.outcome}})
        .Increment();
    const auto fate = trouble.draw();
    if (answer.how == delivery::break_off || fate.what == gateway_trouble::mishap::break_off)
      return to.abort();
    auto now = late_replies::clock::now();
    if (answer.how == delivery::silence)
      return late.keep(now + options.silence, std::move(to), std::nullopt);
    if (fate.what == gateway_trouble::mishap::fail)
      answer.response = failed();
    if (auto wait = latency() + fate.delay; wait > milliseconds(0))
      return late.keep(now + wait, std::move(to), std::move(answer.response));
    to.send(std::move(answer.response));
  }

  milliseconds latency() {
    if (options.latency_max == milliseconds(0))
      return milliseconds(0);
    std::lock_guard lock(random_mutex);
    return milliseconds(std::uniform_int_distribution<int64_t>(
        options.latency_min.count(), options.latency_max.count())(random));
  }

  void stop() {
    if (stopped.exchange(true))
      return;
    front.stop_accepting();
    desks.stop();
    late.stop();
    front.drain(drain_limit);
    front.stop();
    log::info("gateway_sim.stopped");
  }

  const gateway_simulator_options options;
  metrics counted;
  std::mutex random_mutex;
  std::mt19937_64 random;
  gateway_trouble trouble;
  std::atomic<bool> stopped{false};
  late_replies late;
  desk_pool desks;   // uses `late`
  http::front front; // uses both; the first to go
};

gateway_simulator::gateway_simulator(const gateway_simulator_options& options) {
  require_sense(options);
  impl_ = std::make_unique<impl>(options);
  log::info("gateway_sim.started", {{"port", port()}, {"seed", options.seed}});
}

gateway_simulator::~gateway_simulator() {
  stop();
}

uint16_t gateway_simulator::port() const {
  return impl_->front.port();
}

std::string gateway_simulator::url() const {
  return "http://127.0.0.1:" + std::to_string(port());
}

void gateway_simulator::stop() {
  impl_->stop();
}

} // namespace troupe::sim
