#include "app/settings.hpp"

#include <algorithm>
#include <cctype>

namespace troupe {

std::string setting::variable() const {
  auto result = "TROUPE_" + section + "_" + key;
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

std::vector<setting> settings_of(config& c) {
  constexpr int64_t day = 86400, year = 366 * day;
  return {
      {"server", "bind", &c.server.bind, 0, 0, {}},
      {"server", "order_port", &c.server.order_port, 0, 65535, {}},
      {"server", "payment_port", &c.server.payment_port, 0, 65535, {}},
      {"server", "inventory_port", &c.server.inventory_port, 0, 65535, {}},
      {"server", "emailing_port", &c.server.emailing_port, 0, 65535, {}},
      {"server", "gateway_port", &c.server.gateway_port, 0, 65535, {}},
      {"server", "hosts", &c.server.hosts, 0, 0, {}},
      {"server", "trusted_proxies", &c.server.trusted_proxies, 0, 0, {}},
      {"server", "cors_origins", &c.server.cors_origins, 0, 0, {}},
      {"server", "max_connections", &c.server.max_connections, 1, 1'000'000, {}},
      {"server", "max_in_flight", &c.server.max_in_flight, 1, 1'000'000, {}},
      {"server", "max_waiting", &c.server.max_waiting, 0, 1'000'000, {}},
      {"server", "memory_mb", &c.server.memory_mb, 0, 1'000'000, {}},
      {"server", "default_user", &c.server.default_user, 0, 0, {}},
      {"server", "key_life", &c.server.key_life, 1, year, {}},
      {"databases", "orders", &c.databases.orders, 0, 0, {}},
      {"databases", "payments", &c.databases.payments, 0, 0, {}},
      {"databases", "inventory", &c.databases.inventory, 0, 0, {}},
      {"databases", "emailing", &c.databases.emailing, 0, 0, {}},
      {"databases", "gateway", &c.databases.gateway, 0, 0, {}},
      {"databases", "orders_file", &c.databases.orders_file, 0, 0, {}},
      {"databases", "payments_file", &c.databases.payments_file, 0, 0, {}},
      {"databases", "inventory_file", &c.databases.inventory_file, 0, 0, {}},
      {"databases", "emailing_file", &c.databases.emailing_file, 0, 0, {}},
      {"databases", "gateway_file", &c.databases.gateway_file, 0, 0, {}},
      {"limits", "user_per_minute", &c.limits.user_per_minute, 0, 1'000'000'000, {}},
      {"limits", "user_burst", &c.limits.user_burst, 1, 1'000'000, {}},
      {"limits", "address_per_minute", &c.limits.address_per_minute, 0, 1'000'000'000, {}},
      {"limits", "address_burst", &c.limits.address_burst, 1, 1'000'000, {}},
      {"kafka", "brokers", &c.kafka.brokers, 0, 0, {}},
      {"kafka", "partitions", &c.kafka.partitions, 1, 10'000, {}},
      {"kafka", "replication", &c.kafka.replication, -1, 100, {}},
      {"kafka", "session_timeout_ms", &c.kafka.session_timeout_ms, 1000, 300'000, {}},
      {"payment", "gateway", &c.payment.gateway, 0, 0, {}},
      {"payment", "simulator_port", &c.payment.simulator_port, 0, 65535, {}},
      {"payment", "latency_min_ms", &c.payment.latency_min_ms, 0, 60'000, {}},
      {"payment", "latency_max_ms", &c.payment.latency_max_ms, 0, 60'000, {}},
      {"payment", "call_limit_ms", &c.payment.call_limit_ms, 10, 60'000, {}},
      {"payment", "charge_limit_ms", &c.payment.charge_limit_ms, 10, 13'000, {}},
      {"payment", "wait_ms", &c.payment.wait_ms, 10, 13'000, {}},
      {"payment", "tries", &c.payment.tries, 1, 10, {}},
      {"payment", "refund_lease_ms", &c.payment.refund_lease_ms, 100, day * 1000, {}},
      {"payment", "workers", &c.payment.workers, 1, 64, {}},
      {"inventory", "workers", &c.inventory.workers, 1, 64, {}},
      {"inventory", "low_stock", &c.inventory.low_stock, 0, 1'000'000'000, {}},
      {"emailing", "workers", &c.emailing.workers, 1, 64, {}},
      {"emailing", "spool", &c.emailing.spool, 0, 0, {}},
      {"emailing", "from", &c.emailing.from, 0, 0, {}},
      {"emailing", "domain", &c.emailing.domain, 0, 0, {}},
      {"orders", "journals", &c.orders.journals, 1, 64, {}},
      {"orders", "readers", &c.orders.readers, 1, 64, {}},
      {"orders", "idle_ms", &c.orders.idle_ms, 100, day * 1000, {}},
      {"deadlines", "unpaid", &c.deadlines.unpaid, 1, year, {}},
      {"deadlines", "payment", &c.deadlines.payment, 1, year, {}},
      {"deadlines", "confirmation", &c.deadlines.confirmation, 1, year, {}},
      {"deadlines", "settlement", &c.deadlines.settlement, 1, year, {}},
      {"deadlines", "dispatch", &c.deadlines.dispatch, 1, year, {}},
      {"deadlines", "delivery", &c.deadlines.delivery, 1, year, {}},
      {"deadlines", "longest", &c.deadlines.longest, 1, year, {}},
      {"retention", "keys_hours", &c.retention.keys_hours, 0, 100'000, {}},
      {"retention", "letters_days", &c.retention.letters_days, 0, 10'000, {}},
      {"retention", "notifications_days", &c.retention.notifications_days, 0, 10'000, {}},
      {"retention", "emails_days", &c.retention.emails_days, 0, 10'000, {}},
      {"retention", "batch", &c.retention.batch, 1, 10'000, {}},
      {"retention", "pause_ms", &c.retention.pause_ms, 0, 60'000, {}},
      {"retention", "interval_s", &c.retention.interval_s, 1, day, {}},
      {"admin", "token", &c.admin.token, 0, 0, {}},
      {"admin", "token_file", &c.admin.token_file, 0, 0, {}},
      {"node", "name", &c.node.name, 0, 0, {}},
      {"cluster", "bind", &c.cluster.bind, 0, 0, {}},
      {"cluster", "port", &c.cluster.port, 1, 65535, {}},
      {"cluster", "advertise", &c.cluster.advertise, 0, 0, {}},
      {"cluster", "private", &c.cluster.is_private, 0, 0, {}},
      {"cluster", "certificate", &c.cluster.certificate, 0, 0, {}},
      {"cluster", "key", &c.cluster.key, 0, 0, {}},
      {"cluster", "authority", &c.cluster.authority, 0, 0, {}},
      {"log", "level", &c.log.level, 0, 0, {"debug", "info", "warn", "error"}},
      {"log", "format", &c.log.format, 0, 0, {"automatic", "text", "json"}},
  };
}

} // namespace troupe
