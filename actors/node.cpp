#include "actors/node.hpp"

#include "actors/cluster_gate.hpp"
#include "actors/health_monitor.hpp"
#include "actors/inbox_router.hpp"
#include "actors/letter_desk.hpp"
#include "actors/notices.hpp"
#include "actors/order_inbox.hpp"
#include "actors/supervisor.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <mutex>
#include <stdexcept>
#include <utility>

namespace troupe {

namespace {

/// Spawns a blocking behaviour: on a thread of its own, or, in tests, on the coordinator.
template <class F, class... Args>
auto spawn_blocking(caf::actor_system& system, bool detach, F behavior, Args... args) {
  return detach ? system.spawn<caf::detached>(behavior, args...) : system.spawn(behavior, args...);
}

/// Behaviours are copied into spawn, a store can only be moved: it travels in a shared box.
template <class Store>
auto boxed(std::unique_ptr<Store> store) {
  return std::make_shared<std::unique_ptr<Store>>(std::move(store));
}

/// Lets the bridge consume once the topics are there; the orders' events once the node owns them.
struct consumer_starter {
  std::function<bool()> prepare;
  bridge_actor bridge;
  std::vector<consuming_service> everywhere, owner_only;
  std::shared_ptr<const lease> mine;
  bool prepared = false;

  bool done() {
    prepared = prepared || prepare();
    if (!prepared)
      return false;
    start(everywhere);
    if (mine->now() != standing::owner)
      return false;
    start(owner_only);
    return true;
  }

  void start(std::vector<consuming_service>& services) {
    if (!services.empty())
      caf::anon_send(bridge, flush_atom::value, std::exchange(services, {}));
  }
};

caf::behavior start_consumers(caf::event_based_actor* self, consumer_starter starter) {
  self->send(self, tick_atom::value);
  return {[self, starter = std::move(starter)](tick_atom) mutable {
    if (starter.done())
      return self->quit();
    self->delayed_send(self, std::chrono::milliseconds(500), tick_atom::value);
  }};
}

/// Whether a service parks by itself what is too early for it, in the transaction that would apply
/// it; of others the bridge does, and the sweep tries again.
bool parks_itself(service of) {
  return of == service::inventory || of == service::emailing;
}

} // namespace

node::node(caf::actor_system& system, node_parts parts, std::function<void()> broken)
    : system_(system),
      parts_(std::make_shared<const node_parts>(std::move(parts))),
      lease_(parts_->membership ? std::make_shared<lease>() : parts_->mine),
      shards_(parts_->membership ? std::make_shared<shard_directory>(parts_->incarnation)
                                 : shard_directory::alone()) {
  doors_.mine = lease_;
  doors_.order_ids = ids_born_here(shards_, random_ids());
  if (parts_->cluster)
    spawn_peers();
  spawn_foundation();
  if (parts_->cluster)
    spawn_gate();
  spawn_services();
  spawn_leaves();
  if (parts_->membership)
    spawn_membership();
  // Last: the pools and inboxes that records go to hold the rest up too.
  watcher_ = system_.spawn(watcher, foundation_, std::move(broken));
}

class node::keeper_mail {
public:
  void to(membership_keeper keeper) {
    std::lock_guard guard(lock_);
    keeper_ = std::move(keeper);
  }
  void lost(int64_t incarnation) {
    std::lock_guard guard(lock_);
    if (keeper_)
      caf::anon_send(keeper_, lost_atom::value, incarnation);
  }

private:
  std::mutex lock_;
  membership_keeper keeper_;
};

void node::spawn_peers() {
  mail_ = std::make_shared<keeper_mail>();
  peer_options options;
  options.me = parts_->incarnation;
  options.command_limit = parts_->payment_wait + std::chrono::seconds(5);
  options.lost = [mail = mail_](int64_t incarnation) { mail->lost(incarnation); };
  // What it committed last it may not have told.
  options.gone = [c = *parts_->cluster](int64_t) {
    c.order_changes->doubtful_all();
    c.new_notifications->doubtful_all();
  };
  options.connected = [changes = parts_->cluster->changes](size_t peers) { changes->peers(peers); };
  auto connector = system_.spawn(connector_behavior);
  peers_ = system_.spawn(peer_router_behavior, connector, std::move(options), parts_->count);
  doors_.peers = peers_;
  leaves_.push_back(caf::actor_cast<caf::actor>(system_.spawn(
      change_teller_behavior, parts_->cluster->changes, peers_, std::chrono::milliseconds(10))));
  leaves_.push_back(caf::actor_cast<caf::actor>(connector));
}

/// Open to peers once the orders are there. Throws when the port is somebody else's.
void node::spawn_gate() {
  const auto& c = *parts_->cluster;
  gate_ = system_.spawn(cluster_gate_behavior, local_orders(region_), c.order_changes,
                        c.new_notifications);
  for (const auto& part : {caf::actor_cast<caf::actor>(gate_), caf::actor_cast<caf::actor>(peers_)})
    foundation_.push_back(part);
  if (!publish_gate(system_, gate_, c.net))
    throw std::runtime_error("cluster.port: cannot be bound");
}

/// Last made, last ended: the lease is renewed as long as anything writes.
void node::spawn_membership() {
  std::vector<fence_sweeper> sweepers;
  for (const auto& task : parts_->fences) {
    sweepers.push_back(spawn_blocking(system_, parts_->detach, fence_sweeper_behavior, task));
    foundation_.push_back(caf::actor_cast<caf::actor>(sweepers.back()));
  }
  if (parts_->health)
    parts_->health->set("order", "shards", {health::down, "not known yet"});
  keeper_ = spawn_blocking(system_, parts_->detach, membership_keeper_behavior,
                           boxed(parts_->membership()),
                           keeper_parts{lease_, shards_, std::move(sweepers), region_, peers_,
                                        parts_->count, parts_->health});
  if (mail_)
    mail_->to(keeper_);
  doors_.cluster = keeper_;
  foundation_.push_back(caf::actor_cast<caf::actor>(keeper_));
}

void node::spawn_foundation() {
  auto& system = system_;
  auto p = parts_;
  bridge_ = spawn_blocking(system, p->detach, bridge_behavior, p->publisher, p->consumer, p->bridge,
                           p->count);
  publisher_actor publisher = bridge_;
  auto journals
      = system.spawn(journal_router_behavior, p->journals, [&system, p, publisher](size_t) {
          return spawn_blocking(system, p->detach, journal_behavior, boxed(p->orders()), publisher,
                                p->journal, p->count);
        });
  auto readers = system.spawn(order_reader_router_behavior, p->readers,
                              [&system, p, publisher](size_t) -> order_library {
                                return spawn_blocking(system, p->detach, order_reader_behavior,
                                                      boxed(p->order_reads()), publisher);
                              });
  auto payments
      = system.spawn(payment_pool_behavior, p->payment_workers, [&system, p, publisher](size_t i) {
          return spawn_blocking(system, p->detach, payment_worker_behavior, boxed(p->payments()),
                                p->gateway, publisher, p->payment, i, p->payment_workers);
        });
  payments_ = payments;
  doors_.reader = readers;
  doors_.keys = readers;
  order_context context{journals,        readers,  readers, readers,          payments, p->within,
                        p->payment_wait, p->clock, lease_,  p->order_changes, shards_,  peers_};
  region_ = system.spawn(order_region_behavior,
                         std::make_shared<const order_context>(std::move(context)), p->shards,
                         p->region, p->count);
  doors_.orders = region_;
  for (auto& part : {caf::actor_cast<caf::actor>(bridge_), caf::actor_cast<caf::actor>(journals),
                     caf::actor_cast<caf::actor>(readers), caf::actor_cast<caf::actor>(payments),
                     caf::actor_cast<caf::actor>(region_)})
    foundation_.push_back(part);
}

void node::spawn_services() {
  auto& system = system_;
  auto p = parts_;
  publisher_actor publisher = bridge_;
  auto catalogue = system.spawn(
      catalogue_behavior,
      [&system, p](size_t) -> product_reader {
        return spawn_blocking(system, p->detach, product_reader_behavior,
                              boxed(p->inventory_reads()));
      },
      [&system, p, publisher](size_t) -> product_editor {
        return spawn_blocking(system, p->detach, inventory_worker_behavior, boxed(p->inventory()),
                              publisher);
      },
      p->health);
  auto notifications
      = system.spawn(notification_router_behavior, [&system, p](size_t) -> notification_actor {
          return spawn_blocking(system, p->detach, notification_reader_behavior,
                                boxed(p->emailing()));
        });
  doors_.catalogue = catalogue;
  auto diagnosis = system.spawn(
      diagnosis_desk_behavior, order_presence(region_),
      [&system, p](size_t whose) -> diagnosis_reader {
        return spawn_blocking(system, p->detach, diagnosis_reader_behavior,
                              boxed(p->diagnoses(static_cast<service>(whose))));
      },
      p->diagnosis);
  doors_.notifications = notifications;
  doors_.diagnosis = diagnosis;
  foundation_.push_back(caf::actor_cast<caf::actor>(catalogue));
  foundation_.push_back(caf::actor_cast<caf::actor>(notifications));
  foundation_.push_back(caf::actor_cast<caf::actor>(diagnosis));
}

/// The consumer of a service's events.
event_handler node::spawn_pool(service of) {
  auto& system = system_;
  auto p = parts_;
  publisher_actor publisher = bridge_;
  if (of == service::payment)
    return payments_;
  if (of == service::order)
    return system.spawn(event_pool_behavior, "order_inbox", size_t{1},
                        [&system, orders = doors_.orders](size_t) -> event_handler {
                          return system.spawn(order_inbox_behavior, orders);
                        });
  if (of == service::inventory)
    return system.spawn(event_pool_behavior, "inventory_worker", p->inventory_workers,
                        [&system, p, publisher](size_t) -> event_handler {
                          return spawn_blocking(system, p->detach, inventory_worker_behavior,
                                                boxed(p->inventory()), publisher);
                        });
  return system.spawn(event_pool_behavior, "emailing_worker", p->emailing_workers,
                      [&system, p](size_t) -> event_handler {
                        return spawn_blocking(system, p->detach, emailing_worker_behavior,
                                              boxed(p->emailing()), p->new_notifications);
                      });
}

/// `handlers`: of each service, by its number.
void node::spawn_letters(const std::vector<event_handler>& handlers) {
  auto& system = system_;
  auto p = parts_;
  auto router = system.spawn(
      letter_router_behavior, [&system, p, handlers](size_t i) -> letters_actor {
        const auto of = all_services.at(i);
        return spawn_blocking(system, p->detach, letter_desk_behavior, boxed(p->letters(of)),
                              handlers.at(i), letter_desk_options{of, parks_itself(of)}, p->count);
      });
  doors_.letters = router;
  foundation_.push_back(caf::actor_cast<caf::actor>(router));
}

void node::spawn_retention() {
  leaves_.push_back(supervised(
      [&system = system_, p = parts_, mine = lease_, shards = shards_] {
        const std::function<bool()> leads
            = [mine, shards] { return mine->now() == standing::owner && shards->leads(); };
        return caf::actor_cast<caf::actor>(spawn_blocking(
            system, p->detach, retention_sweeper_behavior, p->retention, leads, p->old, p->count));
      },
      "retention_sweeper"));
}

void node::spawn_leaves() {
  auto& system = system_;
  auto p = parts_;
  monitored watch{doors_.reader, {}, bridge_, p->gateway};
  consumer_starter starter{p->prepare_topics, bridge_, {}, {}, lease_};
  std::vector<event_handler> handlers;
  for (auto of : all_services) {
    auto handler = handlers.emplace_back(spawn_pool(of));
    if (of != service::payment)
      foundation_.push_back(caf::actor_cast<caf::actor>(handler));
    inbox_options options;
    options.retries = !parks_itself(of);
    auto keeper = system.spawn(inbox_router_behavior, [&system, p, of, handler, options](size_t) {
      return spawn_blocking(system, p->detach, inbox_keeper_behavior, of, boxed(p->inboxes(of)),
                            handler, options, p->count);
    });
    foundation_.push_back(caf::actor_cast<caf::actor>(keeper));
    if (of != service::order)
      watch.databases[of] = keeper;
    (of == service::order ? starter.owner_only : starter.everywhere)
        .push_back({of, handler, keeper});
  }
  spawn_letters(handlers);
  leaves_.push_back(supervised(
      [&system, p, orders = doors_.orders, mine = lease_, shards = shards_] {
        return caf::actor_cast<caf::actor>(spawn_blocking(system, p->detach, order_sweeper_behavior,
                                                          boxed(p->order_reads()), orders, mine,
                                                          shards, p->sweeper, p->count));
      },
      "order_sweeper"));
  leaves_.push_back(supervised(
      [&system, p] {
        return caf::actor_cast<caf::actor>(spawn_blocking(system, p->detach, mail_sender_behavior,
                                                          boxed(p->emailing()), boxed(p->mail()),
                                                          p->mails));
      },
      "mail_sender"));
  spawn_retention();
  leaves_.push_back(
      supervised([&system, p, watch] { return system.spawn(health_monitor, watch, p->health); },
                 "health_monitor"));
  leaves_.push_back(spawn_blocking(system, p->detach, start_consumers, std::move(starter)));
}

caf::actor node::supervised(std::function<caf::actor()> make, const char* what) {
  return system_.spawn(leaf_supervisor, std::move(make), std::string(what));
}

void node::end(const caf::actor& who, std::chrono::milliseconds limit) {
  if (!parts_->detach) // on the coordinator nothing moves while we wait
    return caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  caf::scoped_actor self{system_};
  self->monitor(who);
  self->send_exit(who, caf::exit_reason::user_shutdown);
  bool gone = false;
  self->receive([&](caf::down_msg&) { gone = true; },
                caf::after(limit) >> [&] { /* reported below */ });
  if (!gone)
    log::warn("node.part_hangs", {{"actor", who.id()}});
}

void node::leave(std::chrono::milliseconds limit) {
  if (!keeper_ || !parts_->cluster)
    return;
  caf::scoped_actor self{system_};
  self->request(keeper_, limit, leave_atom::value)
      .receive(
          [](bool done) {
            log::info("node.left", {{"gave_all", done}});
          },
          [](const caf::error&) { log::warn("node.left_late"); });
}

void node::stop() {
  if (std::exchange(stopped_, true))
    return;
  caf::anon_send_exit(watcher_, caf::exit_reason::user_shutdown);
  if (gate_)
    unpublish_gate(system_, gate_, parts_->cluster->net.port);
  for (auto& leaf : leaves_)
    end(leaf, std::chrono::seconds(1));
  // The bridge goes first: its last delivery reports reach the journals, which write the last
  // watermarks as they end. What is then still to be published is published at the next start.
  for (auto& part : foundation_) {
    end(part, std::chrono::seconds(5)); // a consumer without brokers takes four
    if (part == foundation_.front())
      fail_point("stop.bridge_ended");
  }
}

node::~node() {
  stop();
}

} // namespace troupe
