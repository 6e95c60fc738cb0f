#pragma once
// What producer, consumer and topic creation share: building a configuration, making a client, and
// knowing whether brokers answer. Only for .cpp files of this folder.

#include "kafka-bridge/holders.hpp"
#include "kafka-bridge/options.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::kafka {

using steady = std::chrono::steady_clock;

/// Sets one property; returns the error's text, empty when it was taken.
std::string set_property(rd_kafka_conf_t* conf, const std::string& key, const std::string& value);

/// As `set_property`; throws `std::invalid_argument` (a mistake of ours or of the options).
void require_property(rd_kafka_conf_t* conf, const std::string& key, const std::string& value);

/// Defaults that suit Troupe, then `o.extra`, then the brokers; logs go to ours. Throws
/// `std::invalid_argument`.
conf_handle base_conf(const options& o);

/// The properties of either role on top of `conf`. Throws `std::invalid_argument`.
void producer_conf(rd_kafka_conf_t* conf, size_t events, size_t bytes);
void consumer_conf(rd_kafka_conf_t* conf, const options& o, const std::string& group);

/// Takes `conf`. Throws `std::invalid_argument` with librdkafka's text.
client_handle make_client(rd_kafka_type_t type, conf_handle conf);

/// Those of `topics` that the brokers do not know. Asks for all there are: to ask for one by its
/// name would make it. Throws `std::runtime_error` when nobody answers within `timeout`.
std::vector<std::string> missing_topics(rd_kafka_t* client, const std::vector<std::string>& topics,
                                        std::chrono::milliseconds timeout);

/// Whether the brokers answered when last heard of; logs each change once. `reachable` is callable
/// from any thread, the rest from the owner's thread.
class broker_link {
public:
  /// `who` names the client in the log, e.g. "producer" or a group.
  explicit broker_link(std::string who) : who_(std::move(who)) {}

  bool reachable() const { return up_.load(std::memory_order_relaxed); }
  /// Something came from a broker.
  void heard();
  /// The library says that no broker can be reached. It may be old news: the next probe decides.
  void doubt() { last_heard_ = {}; }
  /// Asks a broker when nothing was heard for a while; blocks for a second at most.
  void probe(rd_kafka_t* client);
  /// As `probe`, but asks in any case.
  void ask(rd_kafka_t* client);
  /// Logs `what`, the same code once a minute at most.
  void complain(rd_kafka_resp_err_t code, std::string_view what);

private:
  std::string who_;
  std::atomic<bool> up_{false};
  steady::time_point last_heard_{};
  steady::time_point last_probe_{};
  std::map<rd_kafka_resp_err_t, steady::time_point> complained_;
  bool told_down_ = false;

  void lost(std::string_view why);
};

} // namespace troupe::kafka
