#pragma once
// What is behind a consumer: its own thread and the mailbox to it. Internal to the consumer's .cpp
// files: consumer.cpp has the records and the partitions, consumer_offsets.cpp what becomes of
// their offsets.

#include "kafka-bridge/client.hpp"
#include "kafka-bridge/consumer.hpp"
#include "kafka-bridge/in_work.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace troupe::kafka {

constexpr std::chrono::milliseconds idle_wait{1000};
/// How long a revocation, or the end, waits for its commit.
constexpr std::chrono::milliseconds revoke_commit{1500};

class consumer::impl {
public:
  impl(const options& o, consumer_settings settings, consume_callback hand_out, metrics& count);
  ~impl() { stop(); }
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  void done(std::vector<record_token> finished);
  void pause_all(bool pause);
  void stop();
  bool connected() const { return link_.reachable(); }
  size_t assigned() const { return assigned_.load(std::memory_order_relaxed); }

private:
  // All on the own thread, which alone knows `work_`.
  void run();
  void read_mailbox();
  void set_paused(bool pause);
  void poll(std::chrono::milliseconds wait);
  void take(const rd_kafka_message_t& m);
  void pause(const std::vector<partition_id>& which);
  void resume(const std::vector<partition_id>& which);
  void rebalance(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions);
  void begin(rd_kafka_topic_partition_list_t* partitions);
  void end();
  void commit();
  void commit_and_wait(std::chrono::milliseconds limit);
  void committed(rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t* partitions);
  void tend(); ///< commits, metrics, probe: what is due
  void measure();
  void close();
  bool leave(); ///< commits and says farewell; false: no answer in time
  std::chrono::milliseconds wait() const;

  const consumer_settings settings_;
  const consume_callback hand_out_;
  metrics& metrics_;
  prometheus::Counter& consumed_;
  prometheus::Gauge& in_work_;
  broker_link link_;
  std::atomic<size_t> assigned_{0};

  // The mailbox.
  std::mutex guard_;
  std::vector<record_token> finished_;
  bool pause_wanted_ = false;
  bool stopping_ = false;

  client_handle client_;
  queue_handle queue_;   ///< the client's consumer queue, to wake the thread
  queue_handle commits_; ///< answers to commits
  work_table work_;
  std::vector<consumed_record> batch_;
  std::set<partition_id> held_; ///< paused in the library
  std::map<partition_id, prometheus::Gauge*> lag_;
  bool paused_ = false;
  bool closing_ = false;    ///< the last commit is over
  bool committing_ = false; ///< one commit at a time is on its way
  steady::time_point commit_at_{};
  steady::time_point measure_at_{};

  std::mutex stop_guard_;
  std::thread thread_;
};

} // namespace troupe::kafka
