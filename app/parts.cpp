#include "app/parts.hpp"

#include "actors/notices.hpp"
#include "kafka-bridge/consumer.hpp"
#include "kafka-bridge/producer.hpp"
#include "kafka-bridge/topics.hpp"
#include "telemetry/log.hpp"

namespace troupe {

namespace {

const std::string& database_of(const config& c, service s) {
  switch (s) {
    case service::order:
      return c.databases.orders;
    case service::payment:
      return c.databases.payments;
    case service::inventory:
      return c.databases.inventory;
    case service::emailing:
      break;
  }
  return c.databases.emailing;
}

std::vector<std::string> all_topics() {
  return {topic::all.begin(), topic::all.end()};
}

bool make_topics(const kafka::options& options) {
  auto result = kafka::create_topics(options, all_topics(), std::chrono::seconds(5));
  for (const auto& error : result.errors)
    log::warn("kafka.topics_missing", {{"error", error}});
  return result.ok();
}

deadlines deadlines_of(const config& c) {
  using std::chrono::seconds;
  const auto& d = c.deadlines;
  return {seconds(d.unpaid),   seconds(d.payment),  seconds(d.confirmation), seconds(d.settlement),
          seconds(d.dispatch), seconds(d.delivery), seconds(d.longest)};
}

gateway_options gateway_options_of(const config& c, const std::string& url) {
  gateway_options options;
  options.url = url;
  options.call_limit = std::chrono::milliseconds(c.payment.call_limit_ms);
  options.charge_limit = std::chrono::milliseconds(c.payment.charge_limit_ms);
  options.tries = static_cast<int>(c.payment.tries);
  return options;
}

/// What is kept for ever is no task.
std::vector<retention_task> retention_tasks_of(const config& c) {
  using std::chrono::hours;
  constexpr hours day{24};
  const auto& r = c.retention;
  std::vector<retention_task> tasks
      = {{old_rows::notifications, service::emailing, r.notifications_days * day},
         {old_rows::emails, service::emailing, r.emails_days * day}};
  for (const auto of : all_services) {
    tasks.push_back({old_rows::keys, of, hours(r.keys_hours)});
    tasks.push_back({old_rows::letters, of, r.letters_days * day});
  }
  std::erase_if(tasks, [](const retention_task& t) { return t.keep == hours::zero(); });
  return tasks;
}

retention_options retention_of(const config& c) {
  retention_options options;
  options.tasks = retention_tasks_of(c);
  options.batch = static_cast<int>(c.retention.batch);
  options.pause = std::chrono::milliseconds(c.retention.pause_ms);
  options.interval = std::chrono::seconds(c.retention.interval_s);
  return options;
}

void add_stores(node_parts& parts, const config& c, int64_t incarnation) {
  const std::chrono::seconds key_life(c.server.key_life);
  parts.orders = [c, incarnation, key_life] {
    return make_order_store(c.databases.orders, incarnation, key_life);
  };
  parts.order_reads = [c, key_life] { return make_order_queries(c.databases.orders, key_life); };
  parts.inventory = [c, incarnation, key_life] {
    return make_inventory_store(c.databases.inventory, incarnation, c.inventory.low_stock,
                                key_life);
  };
  parts.inventory_reads = [c] { return make_inventory_queries(c.databases.inventory); };
  parts.payments
      = [c, incarnation] { return make_payment_store(c.databases.payments, incarnation); };
  parts.emailing = [c] { return make_emailing_store(c.databases.emailing, decode_notice); };
  parts.inboxes = [c](service s) { return make_inbox(database_of(c, s)); };
  parts.diagnoses = [c](service s) { return make_diagnosis_queries(s, database_of(c, s)); };
  parts.letters = [c, key_life](service s) {
    return make_letters(database_of(c, s), s, kafka::group_of(s), key_life);
  };
  parts.retention = [c](service s) { return make_retention(database_of(c, s)); };
  parts.old = retention_of(c);
  parts.mail = [c] { return make_spool_transport(c.emailing.spool, c.emailing.from); };
}

void add_membership(node_parts& parts, const config& c, int64_t incarnation) {
  const auto& db = c.databases;
  parts.incarnation = incarnation;
  parts.membership = [c, incarnation] { return make_membership(c.databases.orders, incarnation); };
  parts.fences.push_back({"orders", [orders = db.orders] { complete_fences(orders); }});
  for (const auto& [name, conninfo] : {std::pair("payments", &db.payments),
                                       {"inventory", &db.inventory},
                                       {"emailing", &db.emailing}})
    parts.fences.push_back({name, [orders = db.orders, there = *conninfo, incarnation] {
                              join_database(there, incarnation, fenced_incarnations(orders));
                            }});
}

void add_bus(node_parts& parts, const config& c, metrics& count) {
  auto options = kafka_options(c);
  parts.publisher = [options, &count](kafka::publisher_callbacks tell) {
    return std::make_unique<kafka::producer>(options, std::move(tell), count, all_topics());
  };
  parts.consumer = [options, &count](service s, kafka::consume_callback hand_out) {
    kafka::consumer_settings settings;
    settings.group = kafka::group_of(s);
    settings.topics = kafka::topics_of(s);
    return std::make_unique<kafka::consumer>(options, std::move(settings), std::move(hand_out),
                                             count);
  };
  parts.prepare_topics = [options] { return make_topics(options); };
}

} // namespace

kafka::options kafka_options(const config& c) {
  kafka::options options;
  options.brokers = c.kafka.brokers;
  options.partitions = static_cast<int32_t>(c.kafka.partitions);
  options.replication = static_cast<int16_t>(c.kafka.replication);
  options.session_timeout = std::chrono::milliseconds(c.kafka.session_timeout_ms);
  options.extra = c.kafka.options;
  return options;
}

node_parts make_parts(const config& c, int64_t incarnation, const std::string& gateway_url,
                      metrics& count, health_board& health) {
  node_parts parts;
  add_stores(parts, c, incarnation);
  add_membership(parts, c, incarnation);
  add_bus(parts, c, count);
  parts.gateway = make_payment_gateway(gateway_options_of(c, gateway_url));
  parts.journals = static_cast<size_t>(c.orders.journals);
  parts.readers = static_cast<size_t>(c.orders.readers);
  parts.inventory_workers = static_cast<size_t>(c.inventory.workers);
  parts.payment_workers = static_cast<size_t>(c.payment.workers);
  parts.emailing_workers = static_cast<size_t>(c.emailing.workers);
  parts.within = deadlines_of(c);
  parts.payment_wait = std::chrono::milliseconds(c.payment.wait_ms);
  parts.clock = [] {
    return std::chrono::time_point_cast<timestamp::duration>(std::chrono::system_clock::now());
  };
  parts.shards.idle = std::chrono::milliseconds(c.orders.idle_ms);
  parts.payment.refund_lease = std::chrono::milliseconds(c.payment.refund_lease_ms);
  parts.mails.domain = c.emailing.domain;
  parts.count = &count;
  parts.health = &health;
  return parts;
}

} // namespace troupe
