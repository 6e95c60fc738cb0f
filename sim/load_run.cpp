#include "sim/load_run.hpp"

#include "domain/ids.hpp"
#include "telemetry/file_limit.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <ctime>
#include <set>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/signalfd.h>

namespace troupe::sim {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using clock = load_loop::clock;

constexpr size_t most_customers = 15'000;
constexpr size_t most_histories = 50;
constexpr auto tick_every = 100ms;
constexpr auto catalogue_limit = 30s;

std::chrono::nanoseconds cpu_time() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

/// Of the end of an id: eight characters tell runs apart.
std::string fresh_name() {
  return random_ids()().substr(17);
}

std::string reason(const web_answer& answer) {
  return answer.how == ending::answered ? fmt::format("{} {}", answer.status, answer.body)
                                        : answer.error;
}

} // namespace

load_run::load_run(load_options options)
    : options_(std::move(options)),
      scene_(options_.plan, options_.urls),
      taste_(static_cast<size_t>(options_.plan.catalogue.products),
             static_cast<double>(options_.plan.catalogue.skew_percent) / 100) {
  raise_file_limit();
  scene_.seed = options_.seed;
  scene_.run = fresh_name();
  scene_.admin_token = options_.admin_token;
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  signals_ = http::fd(signalfd(-1, &ending, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals_)
    throw std::system_error(errno, std::generic_category(), "signalfd");
  scene_.loop.watch(signals_.get(), EPOLLIN, *this);
}

load_run::~load_run() {
  scene_.loop.unwatch(signals_.get());
}

/// The first ends the load, the second the waiting for what is checked after it.
void load_run::on_ready(int fd, uint32_t) {
  signalfd_siginfo signal{};
  if (read(fd, &signal, sizeof(signal)) != sizeof(signal))
    return;
  interrupted_ = true;
  end_load();
}

void load_run::end_load() {
  scene_.over = true;
  scene_.loop.wake_all();
  if (hooks_.on_end)
    hooks_.on_end();
}

load_result load_run::run(const load_hooks& hooks) {
  hooks_ = hooks;
  scene_.loop.spawn(set_up());
  scene_.loop.run();
  play();
  scene_.loop.allow_sleep();
  const auto deadline = clock::now() + std::chrono::seconds(options_.plan.load.settle_s);
  scene_.loop.spawn(check_everything(scene_, before_, deadline));
  scene_.loop.run();
  load_result result;
  scene_.loop.spawn(tell_histories(result));
  scene_.loop.spawn(take_down());
  scene_.loop.run();
  result.violations = scene_.book.violations();
  result.count = scene_.book.count();
  result.users = scene_.book.users().size();
  result.orders = scene_.book.orders().size();
  result.nodes = scene_.client.nodes().records(clock::now());
  result.turned_away = turned_away_;
  result.interrupted = interrupted_;
  return result;
}

void load_run::play() {
  const auto start = clock::now();
  scene_.seen = &record_.emplace(start);
  const auto& load = options_.plan.load;
  load_end_ = start + std::chrono::seconds(load.duration_s);
  tick();
  for (int64_t i = 0; i < options_.plan.operators.count; ++i)
    scene_.loop.spawn(work_as_operator(scene_, i, options_.plan.operators.count));
  if (load.customers == 0)
    scene_.loop.spawn(arrive_openly());
  for (int64_t i = 0; i < load.customers; ++i)
    scene_.loop.spawn(keep_coming(scene_, taste_, i + 1,
                                  start + std::chrono::seconds(load.ramp_s) * i / load.customers));
  scene_.loop.run();
  scene_.loop.cancel_timer(next_tick_);
  record_->finish(clock::now());
  scene_.seen = nullptr;
}

void load_run::tick() {
  const auto now = clock::now();
  record_->lag(scene_.loop.take_lag());
  record_->tick(now, cpu_time());
  if (hooks_.on_tick)
    hooks_.on_tick(*record_);
  if (!scene_.over && now >= load_end_ && (!hooks_.may_end || hooks_.may_end()))
    end_load();
  next_tick_ = scene_.loop.set_timer(now + tick_every, [this] { tick(); });
}

/// Customers a second.
double load_run::rate_at(double seconds) const {
  const auto& load = options_.plan.load;
  const double half = static_cast<double>(load.duration_s) / 2;
  const double rise = std::max(0.0, 1 - std::abs(seconds - half) / half);
  const double factor = 1 + (static_cast<double>(load.peak_percent) / 100 - 1) * rise;
  return static_cast<double>(load.rate_per_minute) / 60 * factor;
}

/// A Poisson process: customers do not wait for each other, nor for the server.
task<> load_run::arrive_openly() {
  chance dice(options_.seed);
  const auto start = clock::now();
  auto next = start;
  for (int64_t number = 1;; ++number) {
    const double elapsed = std::chrono::duration<double>(next - start).count();
    const std::chrono::duration<double> gap(-std::log1p(-dice.unit()) / rate_at(elapsed));
    next += std::chrono::duration_cast<clock::duration>(gap);
    if (next > clock::now()) // else it is late already: all that are due come at once
      co_await scene_.loop.sleep_until(next);
    if (scene_.over)
      co_return;
    if (scene_.loop.living() < most_customers)
      scene_.loop.spawn(come_once(scene_, taste_, number, next));
    else
      ++turned_away_;
  }
}

task<> load_run::set_up() {
  co_await await_first_probes();
  chance dice(options_.seed);
  for (int64_t i = 1; i <= options_.plan.catalogue.products && !scene_.over; ++i) {
    scene_.products.push_back(
        {fmt::format("sim-{}-p{}", scene_.run, i), cents{100} + dice.below(20'000)});
    co_await make_product(i);
  }
  for (size_t node = 0; node < scene_.client.nodes().size(); ++node)
    co_await await_catalogue(node);
  auto counts = co_await count_stock(scene_);
  if (counts)
    before_ = std::move(*counts);
  if (before_.size() != scene_.products.size())
    throw setup_failed("GET /inventory does not list the run's products");
}

/// So that nothing is set up by a node that is not there.
task<> load_run::await_first_probes() {
  while (!scene_.client.nodes().knows_all() && !scene_.over)
    co_await scene_.loop.sleep_until(clock::now() + 10ms);
}

task<> load_run::make_product(int64_t number) {
  const auto& product = scene_.products.back();
  web_session session(scene_.client);
  web_request r;
  r.method = "POST";
  r.target = "/inventory";
  r.headers = {"Authorization: Bearer " + scene_.admin_token, "Idempotency-Key: " + product.id};
  r.body = json{{"id", product.id},
                {"name", fmt::format("Simulated {}", number)},
                {"description", "Made for a simulation"},
                {"price", number_from_cents(product.price)},
                {"stock", options_.plan.catalogue.stock},
                {"category", "Simulation"}}
               .dump();
  auto exchange = session.send(std::move(r));
  const auto answer = co_await exchange;
  if (answer.status != 201)
    throw setup_failed("POST /inventory: " + reason(answer));
}

/// Orders are priced from a catalogue in each node's memory, which learns of new products within a
/// second: an order at a wrong price shows whether it has. A node that is out of the set loads it
/// before it is in again.
task<> load_run::await_catalogue(size_t node) {
  web_session session(scene_.client, node);
  const auto until = clock::now() + catalogue_limit;
  while (!scene_.over && scene_.client.nodes().is_in(node)) {
    const auto& product = scene_.products.back();
    web_request r;
    r.method = "POST";
    r.target = "/orders";
    r.headers = {"X-User-Id: " + scene_.user(0)};
    const json line{{"productId", product.id},
                    {"quantity", 1},
                    {"price", number_from_cents(product.price + 1)}};
    r.body = json{{"items", json::array({line})}, {"shippingAddress", {{"name", "nobody"}}}}.dump();
    auto exchange = session.send(std::move(r));
    const auto answer = co_await exchange;
    if (answer.status == 409)
      co_return;
    if (!scene_.client.nodes().is_in(node))
      continue;
    if (answer.status != 404 || clock::now() >= until)
      throw setup_failed("POST /orders of a new product: " + reason(answer));
    co_await scene_.loop.sleep_until(clock::now() + 50ms);
  }
}

/// The run's products are no longer offered to anybody.
task<> load_run::take_down() {
  web_session session(scene_.client);
  for (const auto& product : scene_.products) {
    web_request r;
    r.method = "PUT";
    r.target = "/inventory/" + product.id;
    r.headers = {"Authorization: Bearer " + scene_.admin_token};
    r.body = R"({"active":false})";
    auto exchange = session.send(std::move(r));
    (void)co_await exchange;
  }
}

task<> load_run::tell_histories(load_result& into) {
  std::set<std::string> told;
  const auto& violations = scene_.book.violations();
  for (const auto& v : violations)
    if (!v.order.empty() && told.size() < most_histories && told.insert(v.order).second) {
      auto history = co_await tell_history(scene_, v.order);
      into.histories.push_back(std::move(history));
    }
}

} // namespace troupe::sim
