#pragma once
// What is behind a producer: the events in flight under one lock, and the thread that reads their
// reports. Internal to the producer's .cpp files: producer.cpp takes events and hands them over,
// producer_reports.cpp is the thread.

#include "kafka-bridge/client.hpp"
#include "kafka-bridge/in_flight.hpp"
#include "kafka-bridge/producer.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::kafka {

/// What a topic's or a client's fault keeps from going out.
constexpr std::chrono::milliseconds retry_after{500};

/// The brokers' final word about the event itself; anything else may be better later. A batch
/// with one such event is refused as a whole.
bool final_refusal(rd_kafka_resp_err_t error);

class producer::impl {
public:
  impl(options o, publisher_callbacks tell, metrics& count, std::vector<std::string> topics,
       producer_limits limits);
  ~impl();
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  bool publish(const outgoing_event& e, uint64_t token);
  bool flush(std::chrono::milliseconds timeout);
  bool connected() const { return link_.reachable(); }
  size_t in_flight() const;

private:
  struct report {
    pending* of;
    rd_kafka_resp_err_t error;
  };

  // On the own thread, without the lock unless said.
  void run();
  void open_client(); ///< with the lock, or before the thread
  void await_topics();
  void warm_up();
  void serve(int wait_ms);
  void read(rd_kafka_event_t* event);
  void settle();
  void hand_over_due();
  void replace_client();
  void retire(client_handle old);
  void tell(std::vector<uint64_t> delivered,
            const std::vector<std::pair<uint64_t, std::string>>& failed);
  int wait_ms();

  // With the lock.
  rd_kafka_resp_err_t hand_over(pending& p);
  void after_hand_over(pending& p, rd_kafka_resp_err_t error);
  void judge(const report& r, std::vector<uint64_t>& delivered);
  void give_up(pending& p, rd_kafka_resp_err_t error);
  bool trying_suspects() const {
    return in_flight_.count(place::suspect) + in_flight_.count(place::alone) > 0;
  }

  const options options_;
  const publisher_callbacks tell_;
  const std::vector<std::string> topics_;
  const producer_limits limits_;
  broker_link link_{"producer"};
  prometheus::Counter& published_;
  prometheus::Counter& refused_;
  prometheus::Counter& replaced_;
  prometheus::Gauge& queue_;

  mutable std::mutex guard_;
  std::condition_variable emptied_;
  in_flight_list in_flight_;
  std::vector<std::pair<uint64_t, std::string>> given_up_; ///< to be told by the own thread
  client_handle client_;
  queue_handle main_queue_;
  steady::time_point retry_at_{};
  std::pair<rd_kafka_resp_err_t, std::string> complaint_; ///< to be logged by the own thread
  bool telling_ = false; ///< callbacks are running: `flush` must not return yet
  bool fatal_ = false;
  bool topics_there_ = false;
  bool stopping_ = false;

  std::vector<report> reports_; ///< own thread only
  std::thread thread_;
};

} // namespace troupe::kafka
