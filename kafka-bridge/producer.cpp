#include "kafka-bridge/producer.hpp"

#include "kafka-bridge/codec.hpp"
#include "kafka-bridge/producer_impl.hpp"
#include "kafka-bridge/records.hpp"
#include "telemetry/log.hpp"

#include <utility>

namespace troupe::kafka {

bool final_refusal(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE
         || error == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE || error == RD_KAFKA_RESP_ERR_INVALID_RECORD
         || error == RD_KAFKA_RESP_ERR__INVALID_ARG;
}

producer::impl::impl(options o, publisher_callbacks tell, metrics& count,
                     std::vector<std::string> topics, producer_limits limits)
    : options_(std::move(o)),
      tell_(std::move(tell)),
      topics_(std::move(topics)),
      limits_(limits),
      published_(count.counter("troupe_kafka_published_total", "Events that the brokers hold")),
      refused_(count.counter("troupe_kafka_publish_failed_total",
                             "Events that the brokers refuse for good")),
      replaced_(count.counter("troupe_kafka_producer_replaced_total",
                              "Producers that turned fatal and were replaced")),
      queue_(count.gauge("troupe_kafka_publish_queue", "Events taken and not yet delivered")) {
  topics_there_ = topics_.empty();
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
  if (!topics_there_)
    return true; // it waits
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
                   std::vector<std::string> topics, producer_limits limits)
    : impl_(std::make_unique<impl>(o, std::move(tell), count, std::move(topics), limits)) {}

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
