// What only a real broker can show.

#include "kafka-bridge/client.hpp"
#include "kafka-bridge/codec.hpp"
#include "kafka-bridge/consumer.hpp"
#include "kafka-bridge/producer.hpp"
#include "kafka-bridge/records.hpp"
#include "kafka-bridge/topics.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <ctime>
#include <thread>

using namespace troupe;
using namespace troupe::kafka;
using namespace troupe::kafka::test;
using namespace std::chrono_literals;

namespace {

/// Number of partitions as the broker tells it; 0: no such topic.
int partitions_of(const options& o, const std::string& topic) {
  const auto client = make_client(RD_KAFKA_PRODUCER, base_conf(o));
  const struct rd_kafka_metadata* found = nullptr;
  REQUIRE(rd_kafka_metadata(client.get(), 1, nullptr, &found, 10'000)
          == RD_KAFKA_RESP_ERR_NO_ERROR);
  const metadata_handle owned(found);
  for (int i = 0; i < found->topic_cnt; ++i)
    if (found->topics[i].topic == topic)
      return found->topics[i].partition_cnt;
  return 0;
}

struct raw_record {
  std::string key;
  std::string value;
  header_list headers;
  bool operator==(const raw_record&) const = default;
};

/// The first records of partition 0, as librdkafka gives them.
std::vector<raw_record> read_raw(const options& o, const std::string& topic, size_t count) {
  auto conf = base_conf(o);
  consumer_conf(conf.get(), o, unique("raw"));
  const auto client = make_client(RD_KAFKA_CONSUMER, std::move(conf));
  rd_kafka_poll_set_consumer(client.get());
  const auto list = list_of(std::vector<work_table::offset_of>{{{topic, 0}, 0}});
  rd_kafka_assign(client.get(), list.get());
  std::vector<raw_record> out;
  const auto deadline = steady::now() + 20s;
  while (out.size() < count && steady::now() < deadline) {
    const message_handle m(rd_kafka_consumer_poll(client.get(), 100));
    if (!m || m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
      continue;
    const auto view = view_of(*m);
    raw_record r{std::string(view.key), std::string(view.value.value_or("")), {}};
    for (const auto& [name, value] : view.headers)
      r.headers.emplace_back(name, value);
    out.push_back(std::move(r));
  }
  return out;
}

/// Seconds of processor time of this process.
double cpu() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Seconds of processor time of this thread.
double own_cpu() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// What all other threads use of the processor while this one never rests, in parts of what it
/// gets: 1 for another that never rests, also on a machine that is busy with other things.
double unrest_of_others() {
  const auto all = cpu();
  const auto own = own_cpu();
  const auto until = steady::now() + 2s;
  while (steady::now() < until) {
  }
  const auto mine = own_cpu() - own;
  return (cpu() - all - mine) / mine;
}

} // namespace

TEST_CASE("missing topics are created, existing ones are left as they are") {
  auto o = broker();
  const auto first = unique("t");
  const auto second = unique("t");
  o.partitions = 2;
  auto made = create_topics(o, {first}, 20s);
  CHECK(made.ok());
  CHECK(made.created == std::vector{first});
  CHECK(partitions_of(o, first) == 2);
  o.partitions = 5;
  made = create_topics(o, {first, second}, 20s);
  CHECK(made.ok());
  CHECK(made.created == std::vector{second});
  CHECK(partitions_of(o, first) == 2);
  CHECK(partitions_of(o, second) == 5);
  CHECK(create_topics(o, {first, second}, 20s).created.empty());
}

TEST_CASE("a topic that cannot be made is an error that names it") {
  auto o = broker();
  const auto name = unique("bad") + " name";
  const auto made = create_topics(o, {name}, 20s);
  CHECK(made.created.empty());
  REQUIRE(made.errors.size() == 1);
  CHECK(made.errors.front().starts_with(name));
  o.replication = 7; // more than there are brokers
  CHECK(create_topics(o, {unique("t")}, 20s).errors.size() == 1);
}

TEST_CASE("a record is exactly the contract's, and a repeat is byte-identical") {
  const auto o = broker();
  const auto topic = unique("t");
  make_topic(o, topic, 1);
  metrics count;
  reports told;
  const auto e = sample(topic, 1);
  for (int run = 0; run < 2; ++run) { // another producer, as after a restart
    producer p(o, told.callbacks(), count, {topic});
    REQUIRE(p.publish(e, 1));
    REQUIRE(p.flush(20s));
  }
  const auto records = read_raw(o, topic, 2);
  REQUIRE(records.size() == 2);
  CHECK(records[0] == raw_record{e.what.key, e.what.value, headers_of(e)});
  CHECK(records[0] == records[1]);
}

TEST_CASE("an event waits for its topic, which gets the configured partitions") {
  auto o = broker();
  o.partitions = 2; // the broker's own liking is another number
  const auto topic = unique("t");
  metrics count;
  reports told;
  producer p(o, told.callbacks(), count, {topic});
  REQUIRE(p.publish(sample(topic, 1), 1));
  CHECK_FALSE(p.flush(2s));
  CHECK(partitions_of(o, topic) == 0);
  CHECK(create_topics(o, {topic}, 20s).created == std::vector{topic});
  CHECK(p.flush(20s));
  CHECK(told.delivered() == std::vector<uint64_t>{1});
  CHECK(partitions_of(o, topic) == 2);
}

TEST_CASE("what is done is committed when partitions are revoked and at the stop") {
  const auto o = broker();
  const auto topic = unique("t");
  make_topic(o, topic, 2);
  metrics count;
  reports told;
  producer p(o, told.callbacks(), count, {});
  const auto publish = [&](int from, int to) {
    for (int n = from; n < to; ++n)
      REQUIRE(p.publish(sample(topic, n), 1));
    REQUIRE(p.flush(20s));
  };
  consumer_settings settings{unique("g"), {topic}};
  settings.commit_interval = 1h; // only the occasions that are tested
  collected first;
  collected second;
  const auto both = [&] { return first.size() + second.size(); };

  consumer a(o, settings, first.callback(), count);
  publish(0, 10);
  REQUIRE(eventually([&] { return both() == 10; }));
  a.done(first.tokens());
  consumer b(o, settings, second.callback(), count);
  REQUIRE(eventually([&] { return b.assigned() == 1 && a.assigned() == 1; }));
  // Had the revocation not committed, the first ten would come again before these.
  publish(10, 20);
  REQUIRE(eventually([&] { return first.values().size() + second.values().size() >= 20; }));
  CHECK(both() == 20);

  a.done(first.tokens());
  b.done(second.tokens());
  a.stop();
  REQUIRE(eventually([&] { return b.assigned() == 2; }));
  publish(20, 30);
  REQUIRE(eventually([&] { return first.values().size() + second.values().size() >= 30; }));
  CHECK(both() == 30);
}

TEST_CASE("a consumer can stop in the middle of a stream") {
  const auto o = broker();
  const auto topic = unique("t");
  make_topic(o, topic, 3);
  metrics count;
  reports told;
  producer p(o, told.callbacks(), count, {});
  for (int n = 0; n < 20'000; ++n)
    REQUIRE(eventually([&] { return p.publish(sample(topic, n), 1); }));
  const auto group = unique("g");
  for (int run = 0; run < 8; ++run) {
    collected got;
    consumer c(o, {group, {topic}}, got.callback(), count);
    REQUIRE(eventually([&] { return got.size() > 0; }));
    c.done(got.tokens());
    c.stop();
    CHECK(c.assigned() == 0);
  }
}

TEST_CASE("lag and work are measured") {
  const auto o = broker();
  const auto topic = unique("t");
  const auto group = unique("g");
  make_topic(o, topic, 1);
  metrics count;
  reports told;
  collected got;
  producer p(o, told.callbacks(), count, {});
  constexpr int all = max_in_work + 500;
  for (int n = 0; n < all; ++n)
    REQUIRE(p.publish(sample(topic, n, "k"), 1));
  REQUIRE(p.flush(20s));
  consumer c(o, {group, {topic}}, got.callback(), count);
  auto& lag = count.gauge("troupe_kafka_consumer_lag", "",
                          {{"group", group}, {"topic", topic}, {"partition", "0"}});
  auto& in_work = count.gauge("troupe_kafka_consumer_in_work", "", {{"group", group}});
  REQUIRE(eventually([&] { return in_work.Value() == max_in_work; }));
  REQUIRE(eventually([&] { return lag.Value() == all; }));
  c.done(got.tokens());
  REQUIRE(eventually([&] {
    c.done(got.tokens());
    return got.size() == all;
  }));
  c.done(got.tokens());
  REQUIRE(eventually([&] { return in_work.Value() == 0; }));
  REQUIRE(eventually([&] { return lag.Value() == 0; }));
}

TEST_CASE("idle clients use next to no processor") {
  const auto o = broker();
  const auto topic = unique("t");
  make_topic(o, topic, 3);
  metrics count;
  reports told;
  collected got;
  producer p(o, told.callbacks(), count, {topic});
  const consumer c(o, {unique("g"), {topic}}, got.callback(), count);
  REQUIRE(eventually([&] { return c.assigned() == 3 && p.connected(); }));
  const auto before = cpu();
  std::this_thread::sleep_for(2s); // the thing measured is that nothing happens
  CHECK(cpu() - before < 0.2);
}

TEST_CASE("a paused consumer that keeps records back rests") {
  const auto o = broker();
  const auto topic = unique("t");
  const auto group = unique("g");
  make_topic(o, topic, 3);
  metrics count;
  reports told;
  collected got;
  producer p(o, told.callbacks(), count, {topic});
  consumer c(o, {group, {topic}}, got.callback(), count);
  REQUIRE(eventually([&] { return c.assigned() == 3; }));
  c.pause_all();
  for (int n = 0; n < 50; ++n)
    REQUIRE(p.publish(sample(topic, n), 1));
  REQUIRE(p.flush(20s));
  auto& in_work = count.gauge("troupe_kafka_consumer_in_work", "", {{"group", group}});
  REQUIRE(eventually([&] { return in_work.Value() >= 3; })); // the first of each partition
  CHECK(unrest_of_others() < 0.3);
  CHECK(got.size() == 0);
  c.resume_all();
  CHECK(eventually([&] { return got.size() == 50; }));
}
