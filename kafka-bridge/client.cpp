#include "kafka-bridge/client.hpp"

#include "telemetry/log.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <utility>

namespace troupe::kafka {

namespace {

using namespace std::chrono_literals;

constexpr auto quiet_before_probe = 5s; ///< nothing heard for so long: ask
constexpr auto between_probes = 1s;     ///< while nobody answers
constexpr int probe_timeout_ms = 1000;
constexpr auto quiet_after_complaint = 60s; ///< nothing is logged twice within it

/// True when `facility` was not logged lately: librdkafka repeats itself with
/// every reconnect.
bool worth_logging(const std::string& facility) {
  static std::mutex guard;
  static std::map<std::string, steady::time_point> last;
  const std::scoped_lock lock(guard);
  const auto now = steady::now();
  const auto [it, fresh] = last.try_emplace(facility, now);
  if (!fresh && now - it->second < quiet_after_complaint)
    return false;
  it->second = now;
  return true;
}

/// Called from librdkafka's threads. Levels are syslog's. That brokers are away is told once by
/// `broker_link`, so the connection's own errors (FAIL, ERROR) stay at debug, and so does that a
/// property is meant for the other role (CONFWARN).
void forward_log(const rd_kafka_t* client, int syslog_level, const char* facility,
                 const char* text) {
  constexpr int syslog_warning = 4;
  const std::string fac(facility);
  const std::string name(client != nullptr ? rd_kafka_name(client) : "");
  const bool loud = syslog_level <= syslog_warning && fac != "FAIL" && fac != "ERROR"
                    && fac != "CONFWARN" && worth_logging(fac);
  log::write(loud ? log::level::warn : log::level::debug, "kafka.library",
             {{"client", name}, {"facility", fac}, {"text", text}});
}

} // namespace

std::string set_property(rd_kafka_conf_t* conf, const std::string& key, const std::string& value) {
  std::array<char, 512> text{};
  if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), text.data(), text.size())
      == RD_KAFKA_CONF_OK)
    return {};
  return text.data();
}

void require_property(rd_kafka_conf_t* conf, const std::string& key, const std::string& value) {
  if (const auto error = set_property(conf, key, value); !error.empty())
    throw std::invalid_argument("kafka.options." + key + ": " + error);
}

conf_handle base_conf(const options& o) {
  conf_handle conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), forward_log);
  const std::map<std::string, std::string> defaults{
      {"client.id", "troupe"},
      // A cut network sends no reset: these say how soon it is noticed, and how soon after its
      // return the brokers are tried again.
      {"socket.timeout.ms", "10000"},
      {"socket.connection.setup.timeout.ms", "5000"},
      {"socket.keepalive.enable", "true"},
      {"socket.nagle.disable", "true"},
      {"reconnect.backoff.ms", "100"},
      {"reconnect.backoff.max.ms", "1000"},
      {"topic.metadata.refresh.interval.ms", "30000"},
      {"log.connection.close", "false"},
  };
  for (const auto& [key, value] : defaults)
    require_property(conf.get(), key, value);
  for (const auto& [key, value] : o.extra)
    require_property(conf.get(), key, value);
  if (!o.brokers.empty())
    require_property(conf.get(), "bootstrap.servers", o.brokers);
  return conf;
}

void producer_conf(rd_kafka_conf_t* conf, size_t events, size_t bytes) {
  const std::map<std::string, std::string> required{
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"message.timeout.ms", "0"},
      // When a partition's first batch of a producer is refused (its leader is not ready yet) while
      // the next is on its way, the broker, which knows nothing of the producer yet, takes the
      // next, and the library concludes from it that the first has arrived, too.
      {"max.in.flight", "1"},
      // The producer keeps its own bounds; these only must not be met first.
      {"queue.buffering.max.messages", std::to_string(std::clamp<size_t>(events, 1, 10'000'000))},
      {"queue.buffering.max.kbytes", std::to_string(std::clamp<size_t>(bytes / 256, 1, 2'000'000))},
  };
  for (const auto& [key, value] : required)
    require_property(conf, key, value);
}

void consumer_conf(rd_kafka_conf_t* conf, const options& o, const std::string& group) {
  const auto session = o.session_timeout.count();
  const std::map<std::string, std::string> required{
      {"group.id", group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "earliest"},
      // Not cooperative-sticky: it crashes in this version of librdkafka.
      {"partition.assignment.strategy", "range,roundrobin"},
      {"session.timeout.ms", std::to_string(session)},
      {"heartbeat.interval.ms", std::to_string(std::clamp<int64_t>(session / 10, 100, 500))},
  };
  for (const auto& [key, value] : required)
    require_property(conf, key, value);
}

client_handle make_client(rd_kafka_type_t type, conf_handle conf) {
  std::array<char, 512> text{};
  rd_kafka_t* made = rd_kafka_new(type, conf.get(), text.data(), text.size());
  if (made == nullptr)
    throw std::invalid_argument(text.data());
  (void)conf.release(); // the client owns it now
  return client_handle(made);
}

std::vector<std::string> missing_topics(rd_kafka_t* client, const std::vector<std::string>& topics,
                                        std::chrono::milliseconds timeout) {
  const struct rd_kafka_metadata* found = nullptr;
  const auto error
      = rd_kafka_metadata(client, 1, nullptr, &found, static_cast<int>(timeout.count()));
  const metadata_handle owned(found);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(std::string("cannot list topics: ") + rd_kafka_err2str(error));
  std::set<std::string> there;
  for (int i = 0; i < found->topic_cnt; ++i)
    if (found->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
      there.insert(found->topics[i].topic);
  std::vector<std::string> out;
  std::copy_if(topics.begin(), topics.end(), std::back_inserter(out),
               [&](const std::string& topic) { return !there.contains(topic); });
  return out;
}

void broker_link::heard() {
  last_heard_ = steady::now();
  if (up_.exchange(true, std::memory_order_relaxed))
    return;
  told_down_ = false;
  complained_.clear();
  log::info("kafka.connected", {{"client", who_}});
}

void broker_link::lost(std::string_view why) {
  up_.store(false, std::memory_order_relaxed);
  if (std::exchange(told_down_, true))
    return;
  log::warn("kafka.unreachable", {{"client", who_}, {"error", why}});
}

void broker_link::probe(rd_kafka_t* client) {
  const auto now = steady::now();
  const bool fresh = reachable() && now - last_heard_ < quiet_before_probe;
  if (!fresh && now - last_probe_ >= between_probes)
    ask(client);
}

void broker_link::ask(rd_kafka_t* client) {
  const struct rd_kafka_metadata* found = nullptr;
  const auto error = rd_kafka_metadata(client, 0, nullptr, &found, probe_timeout_ms);
  const metadata_handle owned(found);
  last_probe_ = steady::now();
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
    heard();
  else
    lost(rd_kafka_err2str(error));
}

void broker_link::complain(rd_kafka_resp_err_t code, std::string_view what) {
  const auto now = steady::now();
  const auto [it, first] = complained_.try_emplace(code, now);
  if (!first && now - it->second < quiet_after_complaint)
    return;
  it->second = now;
  log::warn("kafka.error", {{"client", who_}, {"code", rd_kafka_err2name(code)}, {"error", what}});
}

} // namespace troupe::kafka
