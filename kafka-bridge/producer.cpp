#include "kafka-bridge/producer.hpp"

#include "kafka-bridge/client.hpp"
#include "kafka-bridge/codec.hpp"
#include "kafka-bridge/in_flight.hpp"
#include "kafka-bridge/records.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace troupe::kafka {

namespace {

using namespace std::chrono_literals;

constexpr int idle_wait_ms = 1000;
constexpr auto retry_after = 500ms; ///< what a topic's or a client's fault keeps from going out

/// The brokers' final word about the event itself; anything else may be better later. A batch
/// with one such event is refused as a whole.
bool final_refusal(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE
         || error == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE || error == RD_KAFKA_RESP_ERR_INVALID_RECORD
         || error == RD_KAFKA_RESP_ERR__INVALID_ARG;
}

struct report {
  pending* of;
  rd_kafka_resp_err_t error;
};

} // namespace

class producer::impl {
public:
  impl(options o, publisher_callbacks tell, metrics& count, std::vector<std::string> warm,
       producer_limits limits);
  ~impl();
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  bool publish(const outgoing_event& e, uint64_t token);
  bool flush(std::chrono::milliseconds timeout);
  bool connected() const { return link_.reachable(); }
  size_t in_flight() const;

private:
  // On the own thread, without the lock unless said.
  void run();
  void open_client(); ///< with the lock, or before the thread
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
  const std::vector<std::string> warm_;
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
  bool stopping_ = false;

  std::vector<report> reports_; ///< own thread only
  std::thread thread_;
};

producer::impl::impl(options o, publisher_callbacks tell, metrics& count,
                     std::vector<std::string> warm, producer_limits limits)
    : options_(std::move(o)),
      tell_(std::move(tell)),
      warm_(std::move(warm)),
      limits_(limits),
      published_(count.counter("troupe_kafka_published_total", "Events that the brokers hold")),
      refused_(count.counter("troupe_kafka_publish_failed_total",
                             "Events that the brokers refuse for good")),
      replaced_(count.counter("troupe_kafka_producer_replaced_total",
                              "Producers that turned fatal and were replaced")),
      queue_(count.gauge("troupe_kafka_publish_queue", "Events taken and not yet delivered")) {
  open_client();
  thread_ = std::thread([this] { run(); });
}

producer::impl::~impl() {
  {
    const std::scoped_lock lock(guard_);
    stopping_ = true;
    if (main_queue_)
      rd_kafka_queue_yield(main_queue_.get());
  }
  thread_.join();
  main_queue_.reset();
  if (client_)
    retire(std::move(client_));
}

void producer::impl::open_client() {
  auto conf = base_conf(options_);
  // Little waiting for company: batches form by themselves while requests are on their way.
  for (const auto& [key, value] :
       {std::pair("linger.ms", "0.5"), std::pair("compression.type", "lz4"),
        std::pair("request.timeout.ms", "10000"), std::pair("partitioner", "murmur2_random")})
    if (!options_.extra.contains(key))
      require_property(conf.get(), key, value);
  producer_conf(conf.get(), limits_.events + 1, limits_.bytes);
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  client_ = make_client(RD_KAFKA_PRODUCER, std::move(conf));
  main_queue_.reset(rd_kafka_queue_get_main(client_.get()));
}

bool producer::impl::publish(const outgoing_event& e, uint64_t token) {
  auto headers = headers_of(e);
  const auto bytes = in_flight_list::weight(e.what, headers);
  const std::scoped_lock lock(guard_);
  // While suspects are tried, nothing else may share a batch with them.
  if (!client_ || fatal_ || trying_suspects())
    return false;
  // One event always fits, whatever its size.
  if (in_flight_.size() >= limits_.events
      || (!in_flight_.empty() && in_flight_.bytes() + bytes > limits_.bytes))
    return false;
  auto& p = in_flight_.add(e.what, std::move(headers), token);
  const auto error = hand_over(p);
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    in_flight_.erase(p);
    return false;
  }
  after_hand_over(p, error);
  return true;
}

rd_kafka_resp_err_t producer::impl::hand_over(pending& p) {
  auto headers = make_headers(p.headers);
  const auto error = rd_kafka_producev(
      client_.get(), RD_KAFKA_V_TOPIC(p.what.topic.c_str()), RD_KAFKA_V_MSGFLAGS(0),
      RD_KAFKA_V_KEY(p.what.key.data(), p.what.key.size()),
      RD_KAFKA_V_VALUE(p.what.value.data(), p.what.value.size()), RD_KAFKA_V_HEADERS(headers.get()),
      RD_KAFKA_V_OPAQUE(&p), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
    (void)headers.release(); // the message owns them now
  return error;
}

void producer::impl::after_hand_over(pending& p, rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    in_flight_.move_to(p, p.where == place::suspect ? place::alone : place::handed);
    return;
  }
  if (final_refusal(error)) {
    give_up(p, error);
  } else {
    fatal_ = fatal_ || error == RD_KAFKA_RESP_ERR__FATAL;
    retry_at_ = steady::now() + retry_after;
    complaint_ = {error, p.what.topic + ": " + rd_kafka_err2str(error)};
  }
  rd_kafka_queue_yield(main_queue_.get());
}

void producer::impl::give_up(pending& p, rd_kafka_resp_err_t error) {
  log::error("kafka.event_refused", {{"topic", p.what.topic},
                                     {"key", p.what.key},
                                     {"bytes", p.bytes},
                                     {"error", rd_kafka_err2str(error)}});
  refused_.Increment();
  given_up_.emplace_back(p.token, rd_kafka_err2str(error));
  in_flight_.erase(p);
}

void producer::impl::run() {
  warm_up();
  link_.probe(client_.get());
  for (;;) {
    serve(wait_ms());
    settle();
    bool fatal = false;
    {
      const std::scoped_lock lock(guard_);
      if (stopping_)
        return;
      fatal = fatal_ || !client_;
    }
    if (fatal)
      replace_client();
    hand_over_due();
    if (client_)
      link_.probe(client_.get());
  }
}

int producer::impl::wait_ms() {
  const std::scoped_lock lock(guard_);
  if (stopping_ || fatal_ || !given_up_.empty())
    return 0;
  const bool reports_first = in_flight_.count(place::alone) > 0
                             || (trying_suspects() && in_flight_.count(place::handed) > 0);
  if (in_flight_.count(place::waiting) + in_flight_.count(place::suspect) == 0 || reports_first)
    return idle_wait_ms;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(retry_at_ - steady::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, idle_wait_ms));
}

/// Without it the first event of a topic may wait 0.7 s for the topic's metadata.
void producer::impl::warm_up() {
  for (const auto& topic : warm_) {
    const topic_handle handle(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
    const struct rd_kafka_metadata* found = nullptr;
    const auto error = rd_kafka_metadata(client_.get(), 0, handle.get(), &found, 1000);
    const metadata_handle owned(found);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
      return; // nobody answers; the first events will wait for the brokers anyway
    link_.heard();
  }
}

void producer::impl::serve(int wait) {
  if (!main_queue_) {
    std::this_thread::sleep_for(retry_after); // no client could be made: a rare lack of resources
    return;
  }
  // Only this thread replaces the queue, so it needs no lock here.
  for (event_handle event(rd_kafka_queue_poll(main_queue_.get(), wait)); event;
       event.reset(rd_kafka_queue_poll(main_queue_.get(), 0))) {
    read(event.get());
    constexpr size_t one_round = 10'000;
    if (reports_.size() >= one_round)
      return;
  }
}

void producer::impl::read(rd_kafka_event_t* event) {
  if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) {
    while (const auto* message = rd_kafka_event_message_next(event))
      reports_.push_back({static_cast<pending*>(message->_private), message->err});
    return;
  }
  if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_ERROR)
    return;
  const auto error = rd_kafka_event_error(event);
  const std::string text = rd_kafka_event_error_string(event);
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    link_.doubt();
  } else if (error == RD_KAFKA_RESP_ERR__FATAL) {
    const std::scoped_lock lock(guard_);
    fatal_ = true;
  } else {
    link_.complain(error, text);
  }
}

void producer::impl::settle() {
  std::vector<uint64_t> delivered;
  std::vector<std::pair<uint64_t, std::string>> failed;
  std::pair<rd_kafka_resp_err_t, std::string> complaint;
  {
    const std::scoped_lock lock(guard_);
    for (const auto& r : reports_)
      judge(r, delivered);
    failed.swap(given_up_);
    complaint = std::exchange(complaint_, {});
    telling_ = !delivered.empty() || !failed.empty();
    queue_.Set(static_cast<double>(in_flight_.size()));
  }
  reports_.clear();
  if (!delivered.empty())
    link_.heard();
  if (complaint.first != RD_KAFKA_RESP_ERR_NO_ERROR)
    link_.complain(complaint.first, complaint.second);
  tell(std::move(delivered), failed);
  {
    const std::scoped_lock lock(guard_);
    telling_ = false;
  }
  emptied_.notify_all();
}

void producer::impl::judge(const report& r, std::vector<uint64_t>& delivered) {
  auto& p = *r.of;
  if (r.error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    delivered.push_back(p.token);
    in_flight_.erase(p);
  } else if (final_refusal(r.error) && p.where == place::alone) {
    give_up(p, r.error);
  } else if (final_refusal(r.error)) {
    in_flight_.move_to(p, place::suspect);
  } else {
    in_flight_.move_to(p, place::waiting);
    retry_at_ = steady::now() + retry_after;
    fatal_ = fatal_ || rd_kafka_fatal_error(client_.get(), nullptr, 0) != 0;
    complaint_ = {r.error, p.what.topic + ": " + rd_kafka_err2str(r.error)};
  }
}

void producer::impl::tell(std::vector<uint64_t> delivered,
                          const std::vector<std::pair<uint64_t, std::string>>& failed) {
  if (!delivered.empty()) {
    published_.Increment(static_cast<double>(delivered.size()));
    if (tell_.delivered)
      tell_.delivered(std::move(delivered));
  }
  if (tell_.failed)
    for (const auto& [token, error] : failed)
      tell_.failed(token, error);
}

/// Hands over what waits, in its old order; or, while there are suspects, one of them alone.
void producer::impl::hand_over_due() {
  const std::scoped_lock lock(guard_);
  if (!client_ || fatal_ || steady::now() < retry_at_)
    return;
  if (trying_suspects()) {
    if (in_flight_.count(place::handed) + in_flight_.count(place::alone) > 0)
      return;
    auto& suspect = *in_flight_.first(place::suspect);
    after_hand_over(suspect, hand_over(suspect));
    return;
  }
  if (in_flight_.count(place::waiting) == 0)
    return;
  auto& events = in_flight_.events();
  for (auto it = events.begin(); it != events.end() && !fatal_;) {
    auto& p = *it++;
    if (p.where == place::waiting)
      after_hand_over(p, hand_over(p));
  }
}

/// A fatal idempotent producer never sends again. What it has no report of may be with the brokers
/// or not: it goes out once more through a new one, and consumers see a duplicate at worst.
void producer::impl::replace_client() {
  client_handle old;
  {
    const std::scoped_lock lock(guard_);
    std::array<char, 512> why{};
    if (client_ && rd_kafka_fatal_error(client_.get(), why.data(), why.size()) != 0)
      log::error("kafka.producer_replaced",
                 {{"error", why.data()}, {"in_flight", in_flight_.size()}});
    main_queue_.reset();
    old = std::move(client_);
  }
  if (old) {
    replaced_.Increment();
    retire(std::move(old));
  }
  {
    const std::scoped_lock lock(guard_);
    in_flight_.all_wait();
    retry_at_ = {};
    fatal_ = false;
    try {
      open_client();
    } catch (const std::exception& e) {
      link_.complain(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, e.what());
      return;
    }
  }
  warm_up();
}

/// Drops what `old` still holds, so that nothing points into our events any more when it is gone.
void producer::impl::retire(client_handle old) {
  rd_kafka_purge(old.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  old.reset();
}

bool producer::impl::flush(std::chrono::milliseconds timeout) {
  std::unique_lock lock(guard_);
  return emptied_.wait_for(lock, timeout,
                           [this] { return in_flight_.empty() && given_up_.empty() && !telling_; });
}

size_t producer::impl::in_flight() const {
  const std::scoped_lock lock(guard_);
  return in_flight_.size();
}

producer::producer(const options& o, publisher_callbacks tell, metrics& count,
                   std::vector<std::string> warm, producer_limits limits)
    : impl_(std::make_unique<impl>(o, std::move(tell), count, std::move(warm), limits)) {}

producer::~producer() = default;

bool producer::publish(const outgoing_event& e, uint64_t token) {
  return impl_->publish(e, token);
}

bool producer::flush(std::chrono::milliseconds timeout) {
  return impl_->flush(timeout);
}

bool producer::connected() const {
  return impl_->connected();
}

size_t producer::in_flight() const {
  return impl_->in_flight();
}

} // namespace troupe::kafka
