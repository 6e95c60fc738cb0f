#pragma once
// The node: everything that one process runs, made in order and ended in order. Top of the
// supervision tree. What does work (journals, readers, workers, shards, inboxes, sweeps, e-mails)
// is made again when it dies, with a growing delay; the death of what only one can be of (the
// bridge, which alone knows what Kafka has not yet reported, the keeper of the lease, a router)
// ends the node, so that the process starts afresh from what is durable.

#include "actors/catalogue.hpp"
#include "actors/change_exchange.hpp"
#include "actors/cluster_net.hpp"
#include "actors/diagnosis_desk.hpp"
#include "actors/emailing_worker.hpp"
#include "actors/event_pool.hpp"
#include "actors/inbox_keeper.hpp"
#include "actors/inventory_worker.hpp"
#include "actors/kafka_bridge.hpp"
#include "actors/letter_router.hpp"
#include "actors/mail_sender.hpp"
#include "actors/membership_keeper.hpp"
#include "actors/notification_reader.hpp"
#include "actors/order_journal.hpp"
#include "actors/order_reader.hpp"
#include "actors/order_region.hpp"
#include "actors/order_sweeper.hpp"
#include "actors/payment_pool.hpp"
#include "actors/retention_sweeper.hpp"
#include "telemetry/health.hpp"

namespace troupe {

/// Makes one session's store each time that it is called.
template <class Store>
using store_maker = std::function<std::unique_ptr<Store>()>;

/// The way to other nodes, and theirs to this one. What it points to outlives the node.
struct cluster_parts {
  cluster_net_options net;
  change_exchange* changes = nullptr; ///< from this node to clients who wait elsewhere
  /// The clients who wait here, for what other nodes changed.
  order_observer* order_changes = nullptr;
  notification_observer* new_notifications = nullptr;
};

/// What a node is made of: the outside behind interfaces, and the sizes.
struct node_parts {
  /// Blocking actors get threads of their own. False on CAF's test coordinator.
  bool detach = true;

  store_maker<order_store> orders;
  store_maker<order_queries> order_reads;
  store_maker<inventory_store> inventory;
  store_maker<inventory_queries> inventory_reads;
  store_maker<payment_store> payments;
  store_maker<emailing_store> emailing;
  std::function<std::unique_ptr<inbox>(service)> inboxes;
  std::function<std::unique_ptr<diagnosis_queries>(service)> diagnoses;
  std::function<std::unique_ptr<troupe::letters>(service)> letters;
  retention_maker retention;
  std::shared_ptr<payment_gateway> gateway;
  store_maker<mail_transport> mail;
  publisher_maker publisher;
  consumer_maker consumer;
  /// Makes the topics; true when they are all there. Blocks for seconds at most.
  std::function<bool()> prepare_topics;

  /// The place among other nodes; none: `mine` says whether this node may serve, and it owns all
  /// shards.
  store_maker<troupe::membership> membership;
  int64_t incarnation = 1;
  std::shared_ptr<lease> mine = lease::unlimited();
  std::vector<fence_task> fences;
  std::optional<cluster_parts> cluster; ///< none: without a gate it shares with nobody

  size_t journals = 2, readers = 1;
  size_t inventory_workers = 2, payment_workers = 2, emailing_workers = 1;
  deadlines within;
  std::chrono::milliseconds payment_wait{10000};
  std::function<timestamp()> clock;
  journal_options journal;
  shard_options shards;
  region_options region;
  sweeper_options sweeper;
  diagnosis_options diagnosis;
  payment_options payment;
  mail_options mails;
  bridge_options bridge;
  retention_options old; ///< without tasks everything is kept
  metrics* count = nullptr;
  health_board* health = nullptr;
  /// Told of what is committed; null: nobody waits. They outlive the node.
  order_observer* order_changes = nullptr;
  notification_observer* new_notifications = nullptr;
};

/// The handles that the HTTP routes ask. They outlive the crashes behind them.
struct node_doors {
  order_door orders;
  order_reader reader;
  order_key_reader keys;
  catalogue_actor catalogue;
  notification_actor notifications;
  diagnosis_actor diagnosis;
  letters_actor letters;
  membership_keeper cluster;         ///< null: without others
  peer_router_actor peers;           ///< likewise
  id_source order_ids;               ///< of orders that begin at this node
  std::shared_ptr<const lease> mine; ///< says whether this node owns the orders
};

class node {
public:
  /// Spawns everything. `system` and `parts.count`, `parts.health` outlive the node. `broken` is
  /// called, from some thread, when a part died that the rest hangs on.
  node(caf::actor_system& system, node_parts parts, std::function<void()> broken);
  /// As `stop`.
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  const node_doors& doors() const { return doors_; }

  /// Gives every shard to another node, if there is one that takes it. Waits for it.
  void leave(std::chrono::milliseconds limit);

  /// Ends all in order: consumers and delivery reports, sweeps, orders, journals and pools. Each
  /// step is bounded. Once.
  void stop();

private:
  /// Where the router says which connections broke: the keeper is made after it.
  class keeper_mail;

  void spawn_peers();
  void spawn_gate();
  void spawn_membership();
  void spawn_foundation();
  void spawn_services();
  void spawn_leaves();
  void spawn_retention();
  event_handler spawn_pool(service of);
  void spawn_letters(const std::vector<event_handler>& handlers);
  void end(const caf::actor& who, std::chrono::milliseconds limit);
  caf::actor supervised(std::function<caf::actor()> make, const char* what);

  caf::actor_system& system_;
  std::shared_ptr<const node_parts> parts_;
  std::shared_ptr<lease> lease_;
  std::shared_ptr<shard_directory> shards_;
  node_doors doors_;
  bridge_actor bridge_;
  payment_pool payments_;
  order_region_actor region_;
  membership_keeper keeper_; ///< null: without others
  peer_router_actor peers_;  ///< null: without a gate
  cluster_gate_actor gate_;  ///< likewise
  std::shared_ptr<keeper_mail> mail_;
  std::vector<caf::actor> leaves_;     ///< ended first
  std::vector<caf::actor> foundation_; ///< ended last, the bridge first
  caf::actor watcher_;
  bool stopped_ = false;
};

} // namespace troupe
