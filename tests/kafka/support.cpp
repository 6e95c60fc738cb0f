#include "support.hpp"

#include "kafka-bridge/client.hpp"
#include "kafka-bridge/records.hpp"
#include "kafka-bridge/topics.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <thread>

namespace troupe::kafka::test {

options broker() {
  const char* address = std::getenv("TROUPE_TEST_KAFKA");
  if (address == nullptr)
    throw std::runtime_error("TROUPE_TEST_KAFKA is not set: host:port of a Kafka for the tests");
  options o;
  o.brokers = address;
  o.partitions = 3;
  o.session_timeout = std::chrono::milliseconds(6000);
  return o;
}

std::string unique(const std::string& stem) {
  static const auto run = std::random_device{}();
  static std::atomic<int> count{0};
  return stem + '-' + std::to_string(run) + '-' + std::to_string(++count);
}

void make_topic(const options& o, const std::string& name, int32_t partitions) {
  options with = o;
  with.partitions = partitions;
  const auto made = create_topics(with, {name}, std::chrono::seconds(20));
  if (!made.ok())
    throw std::runtime_error(made.errors.front());
}

bool eventually(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

outgoing_event sample(const std::string& topic, int n, const std::string& key) {
  outgoing_event e;
  e.from = service::order;
  e.at = make_position(7, n);
  e.index = n % 3;
  e.sequence = n + 1;
  e.time = timestamp(std::chrono::microseconds(1'700'000'000'000'000 + n * 1000LL));
  e.what.topic = topic;
  e.what.key = key.empty() ? "order-" + std::to_string(n) : key;
  e.what.value = R"({"n":)" + std::to_string(n) + R"(,"orderId":")" + e.what.key + "\"}";
  e.what.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  return e;
}

void write_foreign(const options& o, const std::string& topic, const foreign_record& r) {
  auto conf = base_conf(o);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* m, void*) {
    *static_cast<rd_kafka_resp_err_t*>(m->_private) = m->err;
  });
  const auto client = make_client(RD_KAFKA_PRODUCER, std::move(conf));
  rd_kafka_resp_err_t outcome = RD_KAFKA_RESP_ERR__IN_PROGRESS;
  auto headers = make_headers(r.headers);
  const void* key = r.key.empty() ? nullptr : r.key.data();
  void* value = r.value ? const_cast<char*>(r.value->data()) : nullptr;
  const size_t size = r.value ? r.value->size() : 0;
  const auto error = rd_kafka_producev(
      client.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(key, r.key.size()),
      RD_KAFKA_V_VALUE(value, size), RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_OPAQUE(&outcome),
      RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(rd_kafka_err2str(error));
  (void)headers.release();
  rd_kafka_flush(client.get(), 20'000);
  if (outcome != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(rd_kafka_err2str(outcome));
}

publisher_callbacks reports::callbacks() {
  return {[this](std::vector<uint64_t> tokens) {
            const std::scoped_lock lock(guard_);
            delivered_.insert(delivered_.end(), tokens.begin(), tokens.end());
          },
          [this](uint64_t token, std::string error) {
            const std::scoped_lock lock(guard_);
            failed_.emplace(token, std::move(error));
          }};
}

std::vector<uint64_t> reports::delivered() const {
  const std::scoped_lock lock(guard_);
  auto out = delivered_;
  std::sort(out.begin(), out.end());
  return out;
}

std::map<uint64_t, std::string> reports::failed() const {
  const std::scoped_lock lock(guard_);
  return failed_;
}

size_t reports::told() const {
  const std::scoped_lock lock(guard_);
  return delivered_.size() + failed_.size();
}

consume_callback collected::callback() {
  return [this](std::vector<consumed_record> batch) {
    const std::scoped_lock lock(guard_);
    records_.insert(records_.end(), batch.begin(), batch.end());
  };
}

std::vector<consumed_record> collected::records() const {
  const std::scoped_lock lock(guard_);
  return records_;
}

size_t collected::size() const {
  const std::scoped_lock lock(guard_);
  return records_.size();
}

std::vector<record_token> collected::tokens() const {
  std::vector<record_token> out;
  for (const auto& r : records())
    out.push_back(r.token);
  return out;
}

std::map<std::string, int> collected::values() const {
  std::map<std::string, int> out;
  for (const auto& r : records())
    ++out[r.what.value];
  return out;
}

} // namespace troupe::kafka::test
