// The promises of kafka-bridge/bus.hpp, once on Apache Kafka and once on the fake.

#include "kafka-bridge/consumer.hpp"
#include "kafka-bridge/fake_bus.hpp"
#include "kafka-bridge/producer.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>

using namespace troupe;
using namespace troupe::kafka;
using namespace troupe::kafka::test;

namespace {

class bus_under_test {
public:
  bus_under_test() = default;
  bus_under_test(const bus_under_test&) = delete;
  bus_under_test& operator=(const bus_under_test&) = delete;
  virtual ~bus_under_test() = default;
  virtual std::string topic() = 0; ///< a new one with three partitions
  virtual std::unique_ptr<event_publisher> publisher(publisher_callbacks tell) = 0;
  virtual std::unique_ptr<event_consumer>
  join(const std::string& group, std::vector<std::string> topics, consume_callback hand_out) = 0;
  virtual void foreign(const std::string& topic, const foreign_record& r) = 0;
  virtual bool wait(const std::function<bool()>& done) = 0;

  /// Publishes and waits for all reports.
  void publish(const std::vector<outgoing_event>& events) {
    reports told;
    const auto p = publisher(told.callbacks());
    for (size_t i = 0; i < events.size(); ++i)
      REQUIRE(p->publish(events[i], i));
    REQUIRE(wait([&] { return told.told() == events.size(); }));
    REQUIRE(told.failed().empty());
  }
};

class kafka_under_test final : public bus_under_test {
public:
  std::string topic() override {
    auto name = unique("contract");
    make_topic(options_, name, 3);
    return name;
  }
  std::unique_ptr<event_publisher> publisher(publisher_callbacks tell) override {
    return std::make_unique<producer>(options_, std::move(tell), metrics_,
                                      std::vector<std::string>{});
  }
  std::unique_ptr<event_consumer> join(const std::string& group, std::vector<std::string> topics,
                                       consume_callback hand_out) override {
    consumer_settings s{group, std::move(topics)};
    s.commit_interval = std::chrono::milliseconds(50);
    return std::make_unique<consumer>(options_, std::move(s), std::move(hand_out), metrics_);
  }
  void foreign(const std::string& topic, const foreign_record& r) override {
    write_foreign(options_, topic, r);
  }
  bool wait(const std::function<bool()>& done) override { return eventually(done); }

private:
  options options_ = broker();
  metrics metrics_;
};

class memory_under_test final : public bus_under_test {
public:
  std::string topic() override { return unique("contract"); }
  std::unique_ptr<event_publisher> publisher(publisher_callbacks tell) override {
    return bus_.make_publisher(std::move(tell));
  }
  std::unique_ptr<event_consumer> join(const std::string& group, std::vector<std::string> topics,
                                       consume_callback hand_out) override {
    return bus_.make_consumer(group, std::move(topics), std::move(hand_out));
  }
  void foreign(const std::string& topic, const foreign_record& r) override {
    bus_.inject(topic, {r.key, r.value, r.headers});
  }
  bool wait(const std::function<bool()>& done) override {
    while (!done())
      if (!bus_.pump())
        return done();
    return true;
  }

private:
  fake_bus bus_{3};
};

std::vector<outgoing_event> samples(const std::string& topic, int from, int to,
                                    const std::string& key = {}) {
  std::vector<outgoing_event> out;
  for (int n = from; n < to; ++n)
    out.push_back(sample(topic, n, key));
  return out;
}

/// The record without its place.
incoming_event content(incoming_event e) {
  e.partition = 0;
  e.offset = 0;
  return e;
}

void metadata_survives(bus_under_test& bus) {
  const auto topic = bus.topic();
  const auto e = sample(topic, 1);
  bus.publish({e, e});
  collected got;
  const auto c = bus.join(unique("g"), {topic}, got.callback());
  REQUIRE(bus.wait([&] { return got.size() == 2; }));
  const auto records = got.records();
  const auto& first = records[0].what;
  CHECK(first.topic == topic);
  CHECK(first.key == e.what.key);
  CHECK(first.value == e.what.value);
  CHECK(first.id == event_id(e));
  CHECK(first.source == "/troupe/order");
  CHECK(first.traceparent == e.what.traceparent);
  CHECK(records[0].token.offset == first.offset);
  CHECK(records[0].token.topic == topic);
  CHECK(content(first) == content(records[1].what));
  CHECK(records[1].what.offset == first.offset + 1);
}

void each_token_is_told_once(bus_under_test& bus) {
  const auto topic = bus.topic();
  reports told;
  const auto p = bus.publisher(told.callbacks());
  std::vector<uint64_t> expected;
  for (int n = 0; n < 500; ++n) {
    REQUIRE(p->publish(sample(topic, n), static_cast<uint64_t>(n)));
    expected.push_back(static_cast<uint64_t>(n));
  }
  REQUIRE(bus.wait([&] { return told.told() >= 500; }));
  CHECK(p->flush(std::chrono::seconds(10)));
  CHECK(told.delivered() == expected);
  CHECK(told.failed().empty());
  CHECK(p->in_flight() == 0);
  CHECK(p->connected());
}

void what_can_never_be_published_is_told(bus_under_test& bus) {
  const auto topic = bus.topic();
  reports told;
  const auto p = bus.publisher(told.callbacks());
  auto big = sample(topic, 1);
  big.what.value.assign(2'000'000, 'x');
  REQUIRE(p->publish(big, 7));
  REQUIRE(p->publish(sample(topic, 2), 8));
  REQUIRE(bus.wait([&] { return told.told() == 2; }));
  CHECK(told.delivered() == std::vector<uint64_t>{8});
  CHECK(told.failed().contains(7));
}

void foreign_records_are_taken(bus_under_test& bus) {
  const auto topic = bus.topic();
  const std::string bytes("\xff\xfe\0\x80", 4);
  bus.foreign(topic, {"k", "plain", {}});
  bus.foreign(topic, {"k", std::nullopt, {{"ce_id", "7"}, {"ce_source", "/other"}}});
  bus.foreign(topic, {"k", bytes, {{"content-type", "x"}}});
  bus.foreign(topic, {"", "no key", {}});
  collected got;
  const auto c = bus.join(unique("g"), {topic}, got.callback());
  REQUIRE(bus.wait([&] { return got.size() == 4; }));
  std::map<std::string, incoming_event> by_value;
  for (const auto& r : got.records())
    by_value.emplace(r.what.value, r.what);
  const auto& plain = by_value.at("plain");
  CHECK(plain.id
        == topic + '/' + std::to_string(plain.partition) + '/' + std::to_string(plain.offset));
  CHECK(plain.source == "kafka");
  CHECK(by_value.at("").tombstone);
  CHECK(by_value.at("").id == "7");
  CHECK(by_value.at("").source == "/other");
  CHECK(by_value.contains(bytes));
  CHECK(by_value.at("no key").key.empty());
}

void what_is_not_done_comes_again(bus_under_test& bus) {
  const auto topic = bus.topic();
  const auto group = unique("g");
  bus.publish(samples(topic, 0, 10, "one-key"));
  {
    collected got;
    const auto c = bus.join(group, {topic}, got.callback());
    REQUIRE(bus.wait([&] { return got.size() == 10; }));
    auto tokens = got.tokens();
    // All but the fifth, the later ones first.
    tokens.erase(tokens.begin() + 4);
    std::reverse(tokens.begin(), tokens.end());
    for (const auto& t : tokens)
      c->done({t});
  }
  {
    collected again;
    const auto c = bus.join(group, {topic}, again.callback());
    REQUIRE(bus.wait([&] { return again.size() >= 6; }));
    CHECK(again.records().front().what.value == sample(topic, 4, "one-key").what.value);
    CHECK(again.size() == 6);
    c->done(again.tokens());
  }
  bus.publish(samples(topic, 10, 11, "one-key"));
  collected last;
  const auto c = bus.join(group, {topic}, last.callback());
  REQUIRE(bus.wait([&] { return last.size() >= 1; }));
  CHECK(last.records().front().what.value == sample(topic, 10, "one-key").what.value);
}

void offsets_are_committed_while_running(bus_under_test& bus) {
  const auto topic = bus.topic();
  const auto group = unique("g");
  bus.publish(samples(topic, 0, 5, "one-key"));
  collected got;
  const auto first = bus.join(group, {topic}, got.callback());
  REQUIRE(bus.wait([&] { return got.size() == 5; }));
  first->done(got.tokens());
  collected more;
  const auto second = bus.join(group, {topic}, more.callback());
  REQUIRE(bus.wait(
      [&] { return first->assigned() + second->assigned() == 3 && second->assigned() > 0; }));
  bus.publish(samples(topic, 5, 20));
  REQUIRE(bus.wait([&] { return got.size() + more.size() >= 20; }));
  CHECK(got.size() + more.size() == 20);
}

void at_most_a_thousand_are_in_work(bus_under_test& bus) {
  const auto topic = bus.topic();
  const auto other = bus.topic();
  bus.publish(samples(topic, 0, 2500, "one-key"));
  collected got;
  collected elsewhere;
  const auto hand_out
      = [&, a = got.callback(), b = elsewhere.callback()](std::vector<consumed_record> batch) {
          auto middle = std::partition(batch.begin(), batch.end(),
                                       [&](const auto& r) { return r.token.topic == topic; });
          b({middle, batch.end()});
          batch.erase(middle, batch.end());
          a(std::move(batch));
        };
  const auto c = bus.join(unique("g"), {topic, other}, hand_out);
  REQUIRE(bus.wait([&] { return got.size() >= max_in_work; }));
  // Others go on; once this one is here, more of the full one would be, too.
  bus.publish(samples(other, 0, 1));
  REQUIRE(bus.wait([&] { return elsewhere.size() == 1; }));
  CHECK(got.size() == max_in_work);

  std::set<int64_t> offsets;
  size_t finished = 0;
  while (finished < 2500) {
    auto tokens = got.tokens();
    const size_t until = std::min(finished + 600, tokens.size());
    c->done({tokens.begin() + static_cast<ptrdiff_t>(finished),
             tokens.begin() + static_cast<ptrdiff_t>(until)});
    finished = until;
    REQUIRE(bus.wait([&] { return got.size() > finished || finished == 2500; }));
    REQUIRE(got.size() <= finished + max_in_work);
  }
  for (const auto& t : got.tokens())
    CHECK(offsets.insert(t.offset).second);
  CHECK(offsets.size() == 2500);
}

void a_paused_consumer_hands_out_nothing(bus_under_test& bus) {
  const auto topic = bus.topic();
  collected got;
  const auto c = bus.join(unique("g"), {topic}, got.callback());
  bus.publish(samples(topic, 0, 5));
  REQUIRE(bus.wait([&] { return got.size() == 5; }));
  c->pause_all();
  c->pause_all();
  collected other;
  const auto witness = bus.join(unique("g"), {topic}, other.callback());
  REQUIRE(bus.wait([&] { return other.size() == 5; }));
  bus.publish(samples(topic, 5, 50));
  REQUIRE(bus.wait([&] { return other.size() == 50; }));
  CHECK(got.size() == 5);
  c->resume_all();
  REQUIRE(bus.wait([&] { return got.size() >= 50; }));
  CHECK(got.size() == 50);
  CHECK(got.values().size() == 50);
}

/// The second member takes partitions over; what was in work comes again, late answers change
/// nothing, and everything has come once at least.
void a_rebalance_loses_nothing(bus_under_test& bus) {
  const auto topic = bus.topic();
  const auto group = unique("g");
  bus.publish(samples(topic, 0, 60));
  collected first;
  auto a = bus.join(group, {topic}, first.callback());
  REQUIRE(bus.wait([&] { return first.size() == 60; }));
  const auto early = first.tokens();
  const std::vector finished(early.begin(), early.begin() + 20);
  a->done(finished);
  collected second;
  const auto b = bus.join(group, {topic}, second.callback());
  REQUIRE(bus.wait([&] { return b->assigned() > 0; }));
  // What was not done at the lowest of each partition and above comes again, here or there.
  REQUIRE(bus.wait([&] { return first.size() + second.size() >= 100; }));
  a->done(early); // too late: of a turn that is over
  bus.publish(samples(topic, 60, 80));
  REQUIRE(bus.wait([&] { return first.size() + second.size() >= 120; }));
  b->done(second.tokens());
  a->stop();
  a.reset();
  // Alone again: the second now gets what the first had in work in its second turn.
  std::map<std::string, int> all;
  REQUIRE(bus.wait([&] {
    all = second.values();
    for (const auto& t : finished)
      for (const auto& r : first.records())
        if (r.token == t)
          all[r.what.value] += 1;
    return all.size() == 80;
  }));
  for (const auto& [value, times] : all)
    CHECK(times <= 3);
}

/// What was paused in an earlier turn, full or by order, must not stay so in the next.
void a_rebalance_ends_each_pause(bus_under_test& bus) {
  const auto topic = bus.topic();
  const auto group = unique("g");
  // More than fits for each of the three partitions, whoever gets them next.
  constexpr size_t all_full = 3 * max_in_work;
  bus.publish(samples(topic, 0, 4500));
  collected first;
  const auto a = bus.join(group, {topic}, first.callback());
  REQUIRE(bus.wait([&] { return first.size() == all_full; }));
  const auto rejoin = [&](collected& into) { return bus.join(group, {topic}, into.callback()); };
  {
    collected other;
    const auto b = rejoin(other);
    REQUIRE(bus.wait([&] { return first.size() + other.size() == 2 * all_full; }));
    a->pause_all();
    REQUIRE(bus.wait([&] { return b->assigned() > 0; }));
  }
  REQUIRE(bus.wait([&] { return a->assigned() == 3; }));
  const auto before = first.size();
  collected witness;
  const auto w = bus.join(unique("g"), {topic}, witness.callback());
  REQUIRE(bus.wait([&] { return witness.size() == all_full; }));
  CHECK(first.size() == before);
  a->resume_all();
  REQUIRE(bus.wait([&] { return first.size() == before + all_full; }));
}

void stopped_is_stopped(bus_under_test& bus) {
  const auto topic = bus.topic();
  collected got;
  const auto c = bus.join(unique("g"), {topic}, got.callback());
  REQUIRE(bus.wait([&] { return c->assigned() == 3; }));
  c->stop();
  c->stop();
  CHECK(c->assigned() == 0);
  bus.publish(samples(topic, 0, 3));
  c->done({{topic, 0, 0, 1}});
  c->resume_all();
  collected other;
  const auto witness = bus.join(unique("g"), {topic}, other.callback());
  REQUIRE(bus.wait([&] { return other.size() == 3; }));
  CHECK(got.size() == 0);
}

void contract(bus_under_test& bus) {
  SUBCASE("metadata survives, a repeat is byte-identical") {
    metadata_survives(bus);
  }
  SUBCASE("each token is told once") {
    each_token_is_told_once(bus);
  }
  SUBCASE("what can never be published is told") {
    what_can_never_be_published_is_told(bus);
  }
  SUBCASE("foreign records are taken") {
    foreign_records_are_taken(bus);
  }
  SUBCASE("what is not done comes again") {
    what_is_not_done_comes_again(bus);
  }
  SUBCASE("offsets are committed while running") {
    offsets_are_committed_while_running(bus);
  }
  SUBCASE("at most a thousand are in work") {
    at_most_a_thousand_are_in_work(bus);
  }
  SUBCASE("a paused consumer hands out nothing") {
    a_paused_consumer_hands_out_nothing(bus);
  }
  SUBCASE("a rebalance loses nothing") {
    a_rebalance_loses_nothing(bus);
  }
  SUBCASE("a rebalance ends each pause") {
    a_rebalance_ends_each_pause(bus);
  }
  SUBCASE("stopped is stopped") {
    stopped_is_stopped(bus);
  }
}

} // namespace

TEST_CASE("the contract on Kafka") {
  kafka_under_test bus;
  contract(bus);
}

TEST_CASE("the contract on the fake") {
  memory_under_test bus;
  contract(bus);
}
