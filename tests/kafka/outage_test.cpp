// What happens when brokers are away or refuse, on librdkafka's mock cluster.

#include "kafka-bridge/client.hpp"
#include "kafka-bridge/consumer.hpp"
#include "kafka-bridge/producer.hpp"
#include "support.hpp"

#include <doctest/doctest.h>
#include <librdkafka/rdkafka_mock.h>

#include <set>

using namespace troupe;
using namespace troupe::kafka;
using namespace troupe::kafka::test;
using namespace std::chrono_literals;

namespace {

constexpr int16_t produce_request = 0;

/// One mock broker with one topic.
class mock {
public:
  explicit mock(int partitions)
      : client_(make_client(RD_KAFKA_PRODUCER, base_conf({}))),
        cluster_(rd_kafka_mock_cluster_new(client_.get(), 1)) {
    rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1);
    options_.brokers = rd_kafka_mock_cluster_bootstraps(cluster_);
    // The mock does not wake a waiting fetch.
    options_.extra = {{"fetch.wait.max.ms", "5"}};
  }
  ~mock() { rd_kafka_mock_cluster_destroy(cluster_); }
  mock(const mock&) = delete;
  mock& operator=(const mock&) = delete;

  const options& reach() const { return options_; }
  void down() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void up() { rd_kafka_mock_broker_set_up(cluster_, 1); }
  void refuse(std::initializer_list<rd_kafka_resp_err_t> errors) {
    rd_kafka_mock_push_request_errors_array(cluster_, produce_request, errors.size(),
                                            errors.begin());
  }

  /// The next request is refused at once, the one after it is answered late.
  void refuse_then_delay(rd_kafka_resp_err_t error, std::chrono::milliseconds delay) {
    rd_kafka_mock_broker_push_request_error_rtts(cluster_, 1, produce_request, 2, error, 0,
                                                 RD_KAFKA_RESP_ERR_NO_ERROR,
                                                 static_cast<int>(delay.count()));
  }

  const std::string topic = "orders";

private:
  client_handle client_;
  rd_kafka_mock_cluster_t* cluster_;
  options options_;
};

std::vector<uint64_t> range(uint64_t from, uint64_t to) {
  std::vector<uint64_t> out;
  for (; from < to; ++from)
    out.push_back(from);
  return out;
}

struct publishing {
  explicit publishing(const options& o, producer_limits limits = {})
      : publisher(o, told.callbacks(), count, {}, limits) {}
  bool publish(const std::string& topic, int from, int to) {
    for (int n = from; n < to; ++n)
      if (!publisher.publish(sample(topic, n), static_cast<uint64_t>(n)))
        return false;
    return true;
  }
  double counted(const std::string& name) { return count.counter(name, "").Value(); }

  metrics count;
  reports told;
  producer publisher;
};

/// Everything of the topic, read by a consumer that takes nothing for done.
std::map<std::string, int> read_all(const mock& cluster, size_t distinct) {
  metrics count;
  collected got;
  const consumer c(cluster.reach(), {unique("g"), {cluster.topic}}, got.callback(), count);
  CHECK(eventually([&] { return got.values().size() >= distinct; }, 30s));
  return got.values();
}

} // namespace

TEST_CASE("a broker that is away delays events and loses none") {
  mock cluster(2);
  publishing p(cluster.reach());
  REQUIRE(p.publish(cluster.topic, 0, 50));
  REQUIRE(p.publisher.flush(10s));
  CHECK(p.publisher.connected());

  cluster.down();
  REQUIRE(eventually([&] { return !p.publisher.connected(); }));
  REQUIRE(p.publish(cluster.topic, 50, 150));
  CHECK_FALSE(p.publisher.flush(300ms));
  CHECK(p.publisher.in_flight() == 100);
  CHECK(p.told.delivered() == range(0, 50));

  cluster.up();
  REQUIRE(p.publisher.flush(20s));
  CHECK(p.told.delivered() == range(0, 150));
  CHECK(p.told.failed().empty());
  CHECK(eventually([&] { return p.publisher.connected(); }));
  CHECK(read_all(cluster, 150).size() == 150);
  CHECK(p.counted("troupe_kafka_published_total") == 150);
}

TEST_CASE("the local queue is bounded by events and by bytes") {
  mock cluster(1);
  cluster.down();
  publishing by_count(cluster.reach(), {10, 1U << 20U});
  CHECK(by_count.publish(cluster.topic, 0, 10));
  CHECK_FALSE(by_count.publish(cluster.topic, 10, 11));
  publishing by_bytes(cluster.reach(), {1000, 2000});
  int taken = 0;
  while (by_bytes.publish(cluster.topic, taken, taken + 1))
    ++taken;
  CHECK(taken > 1);
  CHECK(taken < 10);

  cluster.up();
  REQUIRE(by_count.publisher.flush(20s));
  CHECK(by_count.publish(cluster.topic, 10, 11));
  REQUIRE(by_count.publisher.flush(20s));
  CHECK(by_count.told.delivered() == range(0, 11));
}

TEST_CASE("a fatal producer is replaced and everything goes out") {
  mock cluster(1);
  publishing p(cluster.reach());
  REQUIRE(p.publish(cluster.topic, 0, 20));
  REQUIRE(p.publisher.flush(10s));
  // To an idempotent producer this means that the broker has lost records: nothing goes any more.
  cluster.refuse({RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
  for (int n = 20; n < 60; ++n)
    REQUIRE(eventually([&] { return p.publish(cluster.topic, n, n + 1); }));
  REQUIRE(p.publisher.flush(20s));
  CHECK(p.counted("troupe_kafka_producer_replaced_total") == 1);
  CHECK(p.told.delivered() == range(0, 60));
  CHECK(p.told.failed().empty());
  CHECK(read_all(cluster, 60).size() == 60);
}

TEST_CASE("what a fatal producer has no report of goes out through the next") {
  mock cluster(2);
  publishing p(cluster.reach());
  REQUIRE(p.publish(cluster.topic, 0, 20));
  REQUIRE(p.publisher.flush(10s));
  // A request for each partition: one makes the producer fatal while the other has no answer yet.
  cluster.refuse_then_delay(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 5s);
  for (int n = 20; n < 40; ++n)
    REQUIRE(eventually([&] { return p.publish(cluster.topic, n, n + 1); }));
  REQUIRE(p.publisher.flush(20s));
  CHECK(p.counted("troupe_kafka_producer_replaced_total") == 1);
  CHECK(p.told.delivered() == range(0, 40));
  CHECK(read_all(cluster, 40).size() == 40);
}

TEST_CASE("what is wrong with a topic is tried again") {
  mock cluster(1);
  publishing p(cluster.reach());
  cluster.refuse({RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  REQUIRE(p.publish(cluster.topic, 0, 5));
  REQUIRE(p.publisher.flush(20s));
  CHECK(p.told.delivered() == range(0, 5));
  CHECK(p.told.failed().empty());
}

TEST_CASE("a refused batch does not take the innocent with it") {
  mock cluster(1);
  publishing p(cluster.reach());
  REQUIRE(p.publish(cluster.topic, 0, 1));
  REQUIRE(p.publisher.flush(10s));
  // Brokers down, so that all ten share a batch; then the batch and one of its events are refused.
  cluster.down();
  REQUIRE(eventually([&] { return !p.publisher.connected(); }));
  REQUIRE(p.publish(cluster.topic, 1, 11));
  cluster.refuse({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  cluster.up();
  REQUIRE(p.publisher.flush(20s));
  CHECK(p.told.delivered().size() == 10);
  CHECK(p.told.failed().size() == 1);
  CHECK(p.counted("troupe_kafka_publish_failed_total") == 1);
  CHECK(read_all(cluster, 10).size() == 10);
  // And the door is open again.
  REQUIRE(p.publish(cluster.topic, 11, 12));
  REQUIRE(p.publisher.flush(10s));
}

TEST_CASE("a refused batch is not taken for delivered because the one behind it was") {
  mock cluster(1);
  auto one_each = cluster.reach();
  one_each.extra["batch.num.messages"] = "1";
  cluster.refuse({RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION});
  publishing p(one_each);
  REQUIRE(p.publish(cluster.topic, 0, 5));
  REQUIRE(p.publisher.flush(10s));
  CHECK(read_all(cluster, 5).size() == 5);
}

TEST_CASE("a consumer goes on after an outage") {
  mock cluster(2);
  publishing p(cluster.reach());
  REQUIRE(p.publish(cluster.topic, 0, 40));
  REQUIRE(p.publisher.flush(10s));
  metrics count;
  collected got;
  consumer c(cluster.reach(), {"g", {cluster.topic}}, got.callback(), count);
  REQUIRE(eventually([&] { return got.values().size() == 40; }));
  c.done(got.tokens());

  cluster.down();
  REQUIRE(eventually([&] { return !c.connected(); }));
  REQUIRE(p.publish(cluster.topic, 40, 80));
  cluster.up();
  REQUIRE(eventually([&] { return got.values().size() == 80; }, 40s));
  CHECK(c.connected());
  c.done(got.tokens());
  c.stop();
  // What was done is committed: a successor gets only what is new.
  REQUIRE(p.publish(cluster.topic, 80, 81));
  collected next;
  const consumer successor(cluster.reach(), {"g", {cluster.topic}}, next.callback(), count);
  REQUIRE(eventually([&] { return next.size() > 0; }, 40s));
  CHECK(next.values() == std::map<std::string, int>{{sample(cluster.topic, 80).what.value, 1}});
}

TEST_CASE("a consumer stops in time while brokers are away") {
  mock cluster(2);
  publishing p(cluster.reach());
  REQUIRE(p.publish(cluster.topic, 0, 10));
  REQUIRE(p.publisher.flush(10s));
  metrics count;
  collected got;
  consumer c(cluster.reach(), {"g", {cluster.topic}}, got.callback(), count);
  REQUIRE(eventually([&] { return got.size() == 10; }));
  cluster.down();
  c.done(got.tokens());
  const auto begin = std::chrono::steady_clock::now();
  c.stop();
  CHECK(std::chrono::steady_clock::now() - begin < 6s);
}

TEST_CASE("a producer ends in time while brokers are away") {
  mock cluster(1);
  cluster.down();
  const auto begin = std::chrono::steady_clock::now();
  {
    publishing p(cluster.reach());
    REQUIRE(p.publish(cluster.topic, 0, 10));
  }
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}
