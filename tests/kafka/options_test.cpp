#include "kafka-bridge/consumer.hpp"
#include "kafka-bridge/options.hpp"
#include "kafka-bridge/producer.hpp"
#include "kafka-bridge/topics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

using namespace troupe::kafka;
using namespace std::chrono_literals;

namespace {

options good() {
  options o;
  o.brokers = "127.0.0.1:9092";
  return o;
}

/// The mistakes of one library option alone.
std::vector<std::string> mistakes(const std::string& key, const std::string& value) {
  auto o = good();
  o.extra[key] = value;
  return validate(o);
}

bool names(const std::vector<std::string>& mistakes, const std::string& key) {
  return mistakes.size() == 1 && mistakes.front().starts_with(key + ": ");
}

} // namespace

TEST_CASE("usable options have no mistakes") {
  auto o = good();
  CHECK(validate(o).empty());
  o.extra = {{"security.protocol", "SASL_PLAINTEXT"},
             {"sasl.mechanism", "PLAIN"},
             {"sasl.username", "u"},
             {"sasl.password", "p"},
             {"linger.ms", "3"},
             {"fetch.max.bytes", "2000000"}};
  CHECK(validate(o).empty());
}

TEST_CASE("a mistake in a library option names its key") {
  CHECK(names(mistakes("security.protokol", "SSL"), "kafka.options.security.protokol"));
  CHECK(names(mistakes("security.protocol", "tls"), "kafka.options.security.protocol"));
  CHECK(names(mistakes("socket.timeout.ms", "soon"), "kafka.options.socket.timeout.ms"));
  for (const auto* key : {"acks", "enable.auto.commit", "group.id", "bootstrap.servers",
                          "partition.assignment.strategy", "group.instance.id"})
    CHECK(names(mistakes(key, "1"), std::string("kafka.options.") + key));
}

TEST_CASE("a mistake in a secret does not quote it") {
  for (const auto key : secret_options) {
    auto o = good();
    o.extra = {{"security.protocol", "SASL_SSL"},
               {"sasl.mechanism", "OAUTHBEARER"},
               {"sasl.oauthbearer.method", "oidc"},
               {std::string(key), "hunter2"}};
    for (const auto& mistake : validate(o)) {
      CAPTURE(mistake);
      CHECK(mistake.find("hunter2") == std::string::npos);
    }
  }
}

TEST_CASE("a mistake that only a client sees is found too") {
  auto o = good();
  o.extra = {{"security.protocol", "SSL"}, {"ssl.ca.location", "/does/not/exist.pem"}};
  CHECK(names(validate(o), "kafka.options.ssl.ca.location"));
}

TEST_CASE("all mistakes are reported at once") {
  options o;
  o.partitions = 0;
  o.replication = 0;
  o.session_timeout = 10ms;
  o.extra = {{"nonsense", "1"}, {"acks", "0"}};
  const auto all = validate(o);
  CHECK(all.size() == 6);
  for (const auto* key :
       {"kafka.brokers", "kafka.partitions", "kafka.replication", "kafka.session_timeout_ms",
        "kafka.options.nonsense", "kafka.options.acks"})
    CHECK(std::any_of(all.begin(), all.end(), [&](const std::string& mistake) {
      return mistake.starts_with(std::string(key) + ": ");
    }));
}

TEST_CASE("clients refuse what the library refuses") {
  auto o = good();
  o.extra = {{"nonsense", "1"}};
  troupe::metrics m;
  CHECK_THROWS_AS(producer(o, {}, m, {}), std::invalid_argument);
  CHECK_THROWS_AS(consumer(
                      o, {"g", {"t"}}, [](auto) {}, m),
                  std::invalid_argument);
  CHECK_FALSE(create_topics(o, {"t"}, 1s).ok());
}

TEST_CASE("creating topics gives up in time when no broker answers") {
  auto o = good();
  o.brokers = "127.0.0.1:1";
  const auto begin = std::chrono::steady_clock::now();
  const auto made = create_topics(o, {"t"}, 300ms);
  CHECK(made.errors.size() == 1);
  CHECK(std::chrono::steady_clock::now() - begin < 3s);
}
