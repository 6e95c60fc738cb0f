#pragma once
// What the tests of the Kafka library share: the broker's address, names that no other run uses,
// bounded waiting, and callbacks that collect.

#include "kafka-bridge/bus.hpp"
#include "kafka-bridge/options.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::kafka::test {

/// Options for the broker of TROUPE_TEST_KAFKA; throws when it is not set: these tests never pass
/// unseen. Short sessions, one partition less than a default topic has.
options broker();

/// `stem` with a suffix that is new in each call and each run.
std::string unique(const std::string& stem);

/// Makes the topic or throws.
void make_topic(const options& o, const std::string& name, int32_t partitions);

/// Looks every few milliseconds until `done` says true; false after `limit`.
bool eventually(const std::function<bool()>& done,
                std::chrono::milliseconds limit = std::chrono::seconds(20));

/// The n-th event of a test: its own key unless one is given.
outgoing_event sample(const std::string& topic, int n, const std::string& key = {});

/// A record of somebody else's producer.
struct foreign_record {
  std::string key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers;
};
/// Writes it with a plain producer of librdkafka; throws when it is not acknowledged.
void write_foreign(const options& o, const std::string& topic, const foreign_record& r);

/// What a publisher told.
class reports {
public:
  publisher_callbacks callbacks();
  std::vector<uint64_t> delivered() const; ///< ascending
  std::map<uint64_t, std::string> failed() const;
  size_t told() const;

private:
  mutable std::mutex guard_;
  std::vector<uint64_t> delivered_;
  std::map<uint64_t, std::string> failed_;
};

/// What a consumer handed out.
class collected {
public:
  consume_callback callback();
  std::vector<consumed_record> records() const;
  size_t size() const;
  std::vector<record_token> tokens() const;
  /// How often each value came.
  std::map<std::string, int> values() const;

private:
  mutable std::mutex guard_;
  std::vector<consumed_record> records_;
};

} // namespace troupe::kafka::test
