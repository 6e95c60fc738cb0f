#pragma once
// How to reach Kafka, and what is passed on to librdkafka as it is. No type of librdkafka leaves
// this folder.

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::kafka {

struct options {
  std::string brokers;      ///< "host:9092,host:9092"
  int32_t partitions = 12;  ///< of topics that are created; existing ones keep theirs
  int16_t replication = -1; ///< likewise; -1: the broker's default.replication.factor
  /// How long a consumer may be silent before its partitions go to others. The broker refuses
  /// values below its group.min.session.timeout.ms (6 s by default).
  std::chrono::milliseconds session_timeout{6000};
  /// `[kafka.options]`: librdkafka's own names and values (security.protocol, sasl.*, ssl.*, …).
  std::map<std::string, std::string> extra;
};

/// Options that hold a secret.
inline constexpr std::array<std::string_view, 5> secret_options
    = {"sasl.password", "sasl.oauthbearer.client.secret", "ssl.key.password", "ssl.key.pem",
       "ssl.keystore.password"};

/// All mistakes, each starting with the key that it is about (`kafka.brokers: …`,
/// `kafka.options.ssl.ca.location: …`); none: the options are usable. An option that would break
/// a promise of this library (acks, offsets, group membership) is a mistake too. Reads certificate
/// files, contacts nobody.
std::vector<std::string> validate(const options& o);

} // namespace troupe::kafka
