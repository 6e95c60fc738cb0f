#pragma once
// The event bus in memory, for tests: the same promises as Kafka's behind the same interfaces,
// without threads. Nothing happens by itself: `pump` makes reports and hands out records, on the
// caller's thread, in an order that only depends on the calls before.

#include "kafka-bridge/bus.hpp"
#include "kafka-bridge/codec.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::kafka {

class fake_bus {
public:
  struct stored_record {
    std::string key;
    std::optional<std::string> value;
    header_list headers;
    bool operator==(const stored_record&) const = default;
  };

  explicit fake_bus(int32_t partitions = 3);
  ~fake_bus();
  fake_bus(const fake_bus&) = delete;
  fake_bus& operator=(const fake_bus&) = delete;

  /// Publishers and consumers must be gone before the bus. A consumer in a group rebalances it.
  std::unique_ptr<event_publisher> make_publisher(publisher_callbacks tell, size_t limit = 100'000);
  std::unique_ptr<event_consumer> make_consumer(std::string group, std::vector<std::string> topics,
                                                consume_callback hand_out);

  /// Reports what was published and hands out what can be; true: something happened.
  bool pump();
  /// Pumps until nothing happens; `std::runtime_error` after `rounds` of it (a loop).
  void settle(int rounds = 100'000);

  /// Another program's record.
  void inject(const std::string& topic, stored_record record);
  /// No broker answers: what is published waits, nothing is handed out or committed.
  void set_down(bool down);
  /// Values longer than this are refused for good, as a broker's max.message.bytes does.
  void set_max_value(size_t bytes);

  /// All records of a topic: by partition, then offset.
  std::vector<stored_record> records(const std::string& topic) const;
  /// Where a group would go on; 0 when it has committed nothing.
  int64_t committed(const std::string& group, const std::string& topic, int32_t partition) const;

private:
  class state;
  class publisher;
  class member;
  std::shared_ptr<state> state_;
};

} // namespace troupe::kafka
