#include "kafka-bridge/options.hpp"

#include "kafka-bridge/client.hpp"

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace troupe::kafka {

namespace {

/// Options that carry a promise of this library, and where they are set instead.
constexpr std::array<std::pair<std::string_view, std::string_view>, 26> reserved{{
    {"bootstrap.servers", "set kafka.brokers instead"},
    {"metadata.broker.list", "set kafka.brokers instead"},
    {"session.timeout.ms", "set kafka.session_timeout_ms instead"},
    {"heartbeat.interval.ms", "follows from kafka.session_timeout_ms"},
    {"group.id", "each service has its own group"},
    {"group.instance.id", "would make a stopped node hold its partitions"},
    {"partition.assignment.strategy", "must stay eager"},
    {"enable.auto.commit", "offsets are committed after the effects"},
    {"auto.commit.enable", "offsets are committed after the effects"},
    {"enable.auto.offset.store", "offsets are committed after the effects"},
    {"auto.offset.reset", "a new group must begin at the earliest record"},
    {"enable.idempotence", "must stay on"},
    {"acks", "must stay all"},
    {"request.required.acks", "must stay all"},
    {"message.timeout.ms", "an event never times out"},
    {"delivery.timeout.ms", "an event never times out"},
    {"retries", "an event is tried for ever"},
    {"message.send.max.retries", "an event is tried for ever"},
    {"max.in.flight", "must stay 1: a refused batch would count as delivered"},
    {"max.in.flight.requests.per.connection",
     "must stay 1: a refused batch would count as delivered"},
    {"transactional.id", "transactions are not used"},
    {"queue.buffering.max.messages", "the producer has its own bound"},
    {"queue.buffering.max.kbytes", "the producer has its own bound"},
    {"enable.partition.eof", "is of no use here"},
    {"log.queue", "logs go to Troupe's log"},
    {"test.mock.num.brokers", "would lose every event"},
}};

std::string mistake_in(const std::string& key, const std::string& value) {
  for (const auto& [name, why] : reserved)
    if (key == name)
      return "kafka.options." + key + ": may not be set: " + std::string(why);
  const conf_handle scratch(rd_kafka_conf_new());
  if (const auto error = set_property(scratch.get(), key, value); !error.empty())
    return "kafka.options." + key + ": " + error;
  return {};
}

/// Mistakes that only show when a client is made (a certificate that cannot be read, options that
/// exclude one another). Without brokers it contacts nobody.
std::string mistake_in_client(options o) {
  o.brokers.clear();
  try {
    auto conf = base_conf(o);
    producer_conf(conf.get(), 1, 1U << 20U);
    make_client(RD_KAFKA_PRODUCER, std::move(conf));
    conf = base_conf(o);
    consumer_conf(conf.get(), o, "troupe-check");
    make_client(RD_KAFKA_CONSUMER, std::move(conf));
    return {};
  } catch (const std::invalid_argument& e) {
    const std::string_view what = e.what();
    for (const auto& [key, value] : o.extra)
      if (what.find(key) != std::string_view::npos)
        return "kafka.options." + key + ": " + std::string(what);
    return "kafka.options: " + std::string(what);
  }
}

} // namespace

std::vector<std::string> validate(const options& o) {
  using namespace std::chrono_literals;
  std::vector<std::string> mistakes;
  if (o.brokers.empty())
    mistakes.emplace_back("kafka.brokers: must name at least one host:port");
  if (o.partitions < 1 || o.partitions > 10'000)
    mistakes.emplace_back("kafka.partitions: must be 1 to 10000");
  if (o.replication != -1 && o.replication < 1)
    mistakes.emplace_back("kafka.replication: must be at least 1, or -1 for the broker's default");
  if (o.session_timeout < 1s || o.session_timeout > 300s)
    mistakes.emplace_back("kafka.session_timeout_ms: must be 1000 to 300000");
  const auto before = mistakes.size();
  for (const auto& [key, value] : o.extra)
    if (auto mistake = mistake_in(key, value); !mistake.empty())
      mistakes.push_back(std::move(mistake));
  if (mistakes.size() == before && o.session_timeout >= 1s && o.session_timeout <= 300s)
    if (auto mistake = mistake_in_client(o); !mistake.empty())
      mistakes.push_back(std::move(mistake));
  return mistakes;
}

} // namespace troupe::kafka
