// `troupe serve`: start and stop, in the order of "Start, stop, memory" in docs/protocols.md.

#include "actors/backoff.hpp"
#include "app/cluster.hpp"
#include "app/commands.hpp"
#include "app/fronts.hpp"
#include "app/parts.hpp"
#include "app/signals.hpp"
#include "app/simulator.hpp"
#include "persistence/conninfo.hpp"
#include "persistence/membership.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/file_limit.hpp"
#include "telemetry/log.hpp"
#include "telemetry/memory_guard.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <optional>
#include <thread>
#include <utility>

#include <unistd.h>

namespace troupe {

namespace {

/// Ends the process when an orderly end takes too long: what is durable is enough to go on from.
class shutdown_watchdog {
public:
  explicit shutdown_watchdog(std::chrono::seconds limit)
      : thread_([this, limit] {
          for (auto waited = limit * 0; waited < limit * 10; waited += std::chrono::seconds(1)) {
            if (done_)
              return;
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
          }
          log::error("node.stop_hangs");
          _exit(1);
        }) {}
  ~shutdown_watchdog() {
    done_ = true;
    thread_.join();
  }

private:
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

/// Tries `step` until it works or an ending signal comes; false: the signal. Throws `fenced` and
/// `failed`, which no waiting mends.
bool until_it_works(const char* what, const std::function<void()>& step) {
  backoff delay{std::chrono::milliseconds(200), std::chrono::seconds(5)};
  while (true) {
    try {
      step();
      return true;
    } catch (const store_error& e) {
      if (e.kind == store_failure::fenced || e.kind == store_failure::failed)
        throw;
      log::warn("node.waits", {{"for", what}, {"error", e.what()}});
    }
    if (await_ending_signal(delay.next()))
      return false;
  }
}

/// Makes `incarnation`, unless an earlier try has, known everywhere.
void begin(const config& c, int64_t& incarnation) {
  if (incarnation == 0)
    incarnation
        = begin_incarnation(c.databases.orders, {c.node.name, c.server.bind, cluster_address(c)});
  auto fenced = fenced_incarnations(c.databases.orders);
  for (const auto* conninfo :
       {&c.databases.payments, &c.databases.inventory, &c.databases.emailing})
    join_database(*conninfo, incarnation, fenced);
  log::info("node.began", {{"node", c.node.name}, {"incarnation", incarnation}});
}

http::api_options api_options_of(const config& c) {
  http::api_options options;
  options.default_user = c.server.default_user;
  options.admin_token = c.admin.token;
  options.low_stock = c.inventory.low_stock;
  options.per_user = {c.limits.user_per_minute, c.limits.user_burst};
  options.per_address = {c.limits.address_per_minute, c.limits.address_burst};
  return options;
}

/// What lives from the first bound port to the end.
struct process {
  explicit process(const config& c)
      : memory(c.server.memory_mb * 1024 * 1024, count),
        settings(c),
        system(settings),
        calls(system, gateway_options_of(c, memory, count)),
        waiting(system, waiting_options_of(c, memory), count),
        changes(waiting.orders, waiting.notifications),
        behind(api_options_of(c), random_ids(), calls, waiting, health, count),
        servers(c, behind) {}

  struct system_settings : caf::actor_system_config {
    /// Threads share one queue: stealing ones poll, which costs an idle node a tenth of a core. As
    /// many as cores: nothing blocks in them, and more only take turns at the queue.
    explicit system_settings(const config& c) {
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", std::max(2U, std::thread::hardware_concurrency()));
      add_cluster_net(*this, cluster_net_options_of(c));
    }
  };

  static http::gateway_options gateway_options_of(const config& c, const memory_guard& memory,
                                                  metrics& count) {
    http::gateway_options options;
    options.overloaded = [&memory] { return memory.over(); };
    options.max_in_flight = static_cast<int>(c.server.max_in_flight);
    options.count = &count;
    return options;
  }

  static http::waiting_options waiting_options_of(const config& c, const memory_guard& memory) {
    http::waiting_options options;
    options.overloaded = [&memory] { return memory.over(); };
    options.most = static_cast<int>(c.server.max_waiting);
    return options;
  }

  metrics count;
  health_board health;
  memory_guard memory;
  system_settings settings;
  caf::actor_system system;
  http::gateway calls;
  http::waiting_clients waiting;
  change_exchange changes;
  http::backend behind;
  fronts servers;
  bool announced = false; ///< the addresses
};

void print_addresses(const config& c) {
  const std::array<std::pair<const char*, int64_t>, 5> ports{
      {{"gateway", c.server.gateway_port},
       {"order", c.server.order_port},
       {"payment", c.server.payment_port},
       {"inventory", c.server.inventory_port},
       {"emailing", c.server.emailing_port}}};
  for (const auto& [name, port] : ports)
    std::printf("%-9s http://%s:%lld\n", name, c.server.bind.c_str(), static_cast<long long>(port));
  std::printf("ready\n");
  std::fflush(stdout);
}

enum class ending { asked, broken };

/// Gives shards and incarnation back. A node that was fenced has lost them already.
void sign_off(const config& c, int64_t incarnation) {
  try {
    end_incarnation(c.databases.orders, incarnation);
    fail_point("stop.signed_off");
  } catch (const store_error& e) { // the next start of this node does it
    log::warn("node.not_signed_off", {{"error", e.what()}});
  }
}

/// Stops intake, lets what is in flight finish, then ends the node.
void end_in_order(process& p, node& n, std::optional<shutdown_watchdog>& watchdog) {
  p.health.set_phase("draining");
  fail_point("stop.draining");
  watchdog.emplace(std::chrono::seconds(8));
  n.leave(std::chrono::seconds(3)); // who asks meanwhile is served, here or by the next owner
  p.waiting.close();                // else the drain would wait for who waits
  p.servers.drain(std::chrono::seconds(2));
  fail_point("stop.drained");
  p.behind.close();
  p.calls.stop();
  n.stop();
  fail_point("stop.node_ended");
}

/// One incarnation of the node, until a signal comes, or until it was fenced or is broken: then
/// its actors are gone, and the ports still answer, with 503.
ending serve_as(int64_t incarnation, const config& c, process& p, const std::string& gateway_url,
                std::optional<shutdown_watchdog>& watchdog) {
  std::atomic<bool> broken = false;
  auto parts = make_parts(c, incarnation, gateway_url, p.count, p.health);
  parts.order_changes = &p.changes;
  parts.new_notifications = &p.changes;
  if (!c.cluster.bind.empty())
    parts.cluster
        = {cluster_net_options_of(c), &p.changes, &p.waiting.orders, &p.waiting.notifications};
  node n(p.system, std::move(parts), [&broken] {
    broken = true;
    wake_waiting();
  });
  const auto& to = n.doors();
  p.behind.open({to.orders, to.reader, to.keys, to.catalogue, to.notifications, to.diagnosis,
                 to.letters, to.cluster, to.peers, to.order_ids});
  p.waiting.orders.open(to.orders, to.mine);
  p.waiting.notifications.open(to.notifications);
  p.health.set_phase("serving");
  if (!std::exchange(p.announced, true))
    print_addresses(c);
  while (!broken) {
    if (await_ending_signal(std::chrono::hours(1))) {
      end_in_order(p, n, watchdog);
      return ending::asked;
    }
  }
  p.health.set_phase("restarting");
  p.behind.close();
  p.waiting.pause();
  n.stop();
  return ending::broken;
}

/// Serves until a signal comes. A node that was fenced, or lost a part that the rest hangs on,
/// comes back as a new incarnation, from what is durable.
void serve_until_ended(const config& c, process& p, std::optional<shutdown_watchdog>& watchdog) {
  std::unique_ptr<sim::gateway_simulator> simulator;
  backoff delay{std::chrono::milliseconds(200), std::chrono::seconds(10)};
  for (auto how = ending::broken; how != ending::asked;) {
    int64_t incarnation = 0;
    if (!until_it_works("the databases", [&] {
          bring_up_to_date(c);
          begin(c, incarnation);
        }))
      break;
    if (c.payment.gateway == "embedded" && !simulator)
      simulator = make_simulator(c);
    const auto gateway_url = simulator ? simulator->url() : c.payment.gateway;
    const auto began = std::chrono::steady_clock::now();
    how = serve_as(incarnation, c, p, gateway_url, watchdog);
    if (how == ending::broken)
      log::warn("node.comes_back", {{"was", incarnation}});
    sign_off(c, incarnation);
    if (std::chrono::steady_clock::now() - began > std::chrono::minutes(1))
      delay.reset();
    if (how == ending::broken && await_ending_signal(delay.next()))
      break;
  }
  if (simulator)
    simulator->stop();
  p.servers.stop();
  log::info("node.ended");
}

/// Everything that is wrong with the configuration, each with its key.
std::vector<std::string> mistakes_in(const config& c) {
  auto mistakes = check_for_serving(c);
  const auto& db = c.databases;
  for (const auto& [name, conninfo] : {std::pair("orders", &db.orders),
                                       {"payments", &db.payments},
                                       {"inventory", &db.inventory},
                                       {"emailing", &db.emailing},
                                       {"gateway", &db.gateway}})
    if (auto wrong = conninfo->empty() ? "" : pg::mistake_in_conninfo(*conninfo); !wrong.empty())
      mistakes.push_back(std::string("databases.") + name + ": " + wrong);
  auto of_kafka = kafka::validate(kafka_options(c));
  mistakes.insert(mistakes.end(), of_kafka.begin(), of_kafka.end());
  if (mistakes.empty())
    mistakes = mistakes_in_certificates(c);
  return mistakes;
}

} // namespace

int serve(const config& c) {
  const auto mistakes = mistakes_in(c);
  for (const auto& mistake : mistakes)
    std::fprintf(stderr, "troupe: %s\n", mistake.c_str());
  if (!mistakes.empty())
    return 2;
  arm_fail_points(c.fail_points);
  share_arenas();
  raise_file_limit();
  try {
    std::optional<shutdown_watchdog> watchdog; // outlives the process's parts, whose ends it bounds
    process p(c);
    serve_until_ended(c, p, watchdog);
    return 0;
  } catch (const std::exception& e) {
    log::error("node.failed", {{"error", e.what()}});
    return 1;
  }
}

} // namespace troupe
