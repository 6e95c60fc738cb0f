#pragma once
// config.toml and its environment overrides, as one validated struct. Every key has a default;
// every key is also an environment variable TROUPE_SECTION_KEY, which wins.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe {

struct config {
  struct {
    std::string bind = "127.0.0.1";
    int64_t order_port = 3001, payment_port = 3002, inventory_port = 3003, emailing_port = 3004;
    int64_t gateway_port = 3000;
    std::vector<std::string> hosts;           ///< names, beside loopback, that Host may have
    std::vector<std::string> trusted_proxies; ///< addresses and networks of reverse proxies
    std::vector<std::string> cors_origins = {"http://localhost:*", "http://127.0.0.1:*"};
    int64_t max_connections = 15000; ///< each port
    int64_t max_in_flight = 4096;    ///< unanswered requests of a kind; then 503
    int64_t max_waiting = 2000;      ///< long-polls, and streams of a kind; then 503
    int64_t memory_mb = 2048;        ///< resident; past it requests get 503; 0: no bound
    std::string default_user = "user-1";
    int64_t key_life = 86400; ///< seconds that an Idempotency-Key is known
  } server;
  struct {
    std::string orders, payments, inventory, emailing, gateway;
    std::string orders_file = {}, payments_file = {}, inventory_file = {}, emailing_file = {},
                gateway_file = {};
  } databases;
  struct {
    int64_t user_per_minute = 0, user_burst = 60;        ///< requests; 0 a minute: no limit
    int64_t address_per_minute = 0, address_burst = 300; ///< likewise
  } limits;
  struct {
    std::string brokers;
    int64_t partitions = 12;
    int64_t replication = -1; ///< of topics that are created; -1: the broker's default
    int64_t session_timeout_ms = 6000;
    std::map<std::string, std::string> options;
  } kafka;
  struct {
    std::string gateway = "embedded";
    int64_t simulator_port = 0; ///< of the embedded simulator; 0: any
    int64_t latency_min_ms = 5, latency_max_ms = 25;
    int64_t call_limit_ms = 3000, charge_limit_ms = 10000, wait_ms = 10000;
    int64_t tries = 3;
    int64_t refund_lease_ms = 30000; ///< a refund whose asker died is asked again after this
    int64_t workers = 1;
  } payment;
  struct {
    int64_t workers = 1;
    int64_t low_stock = 10;
  } inventory;
  struct {
    int64_t workers = 1;
    std::string spool = "var/spool";
    std::string from = "shop@troupe.invalid";
    std::string domain = "customers.invalid";
  } emailing;
  struct {
    int64_t journals = 1, readers = 1;
    int64_t idle_ms = 60000; ///< an order without commands for this long leaves memory
  } orders;
  struct {
    int64_t unpaid = 1800, payment = 15, confirmation = 30, settlement = 30, dispatch = 86400,
            delivery = 1209600, longest = 900;
  } deadlines; ///< seconds
  struct {
    int64_t keys_hours = 24;
    int64_t letters_days = 30, notifications_days = 90, emails_days = 30;
    int64_t batch = 500, pause_ms = 200, interval_s = 600;
  } retention; ///< 0 hours or days: for ever
  struct {
    std::string token, token_file;
  } admin;
  struct {
    std::string name = "node-1";
  } node;
  struct {
    std::string bind; ///< numeric; empty: no cluster
    int64_t port = 3010;
    std::string advertise;                   ///< host:port for the peers; empty: bind:port
    bool is_private = false;                 ///< nobody else reaches it: no TLS needed
    std::string certificate, key, authority; ///< PEM files
  } cluster;
  struct {
    std::string level = "info";
    std::string format = "automatic";
  } log;
  /// TROUPE_FAIL_POINTS, as telemetry/fail_point.hpp says; in no file, so that none stays armed.
  std::string fail_points;
};

/// Every mistake, each with its place: "config.toml:12: server.order_port: …" or
/// "TROUPE_SERVER_ORDER_PORT: …". Empty: `config` can be used as far as its form goes.
struct config_result {
  config values;
  std::vector<std::string> mistakes;
};

/// Reads `file` (its absence is a mistake only if `required`), then `environment` (NAME=value),
/// then the files of secrets. No mistake quotes a value. The embedded simulator's books are in the
/// payments' database unless they have their own.
config_result read_config(const std::string& file, bool required,
                          const std::vector<std::string>& environment);

/// What `serve` needs beyond the form: databases and brokers named, no open admin routes beyond
/// loopback, the simulator on loopback only, and no cluster that strangers could join.
std::vector<std::string> check_for_serving(const config& c);

/// Where peers reach this node, host:port; empty: it takes no part in a cluster.
std::string cluster_address(const config& c);

} // namespace troupe
