// The consumer's offsets: committed after the effects, measured, and at the end said farewell with.

#include "kafka-bridge/consumer_impl.hpp"
#include "kafka-bridge/records.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <string>

namespace troupe::kafka {

namespace {

using namespace std::chrono_literals;

constexpr auto lag_interval = 5s;
constexpr auto close_limit = 1500ms; ///< how long leaving the group may take

} // namespace

void consumer::impl::commit() {
  const auto offsets = work_.to_commit();
  if (offsets.empty())
    return;
  const auto list = list_of(offsets);
  const auto answered
      = [](rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
           void* self) { static_cast<impl*>(self)->committed(error, partitions); };
  const auto error
      = rd_kafka_commit_queue(client_.get(), list.get(), commits_.get(), answered, this);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
    committing_ = true;
  else
    link_.complain(error, rd_kafka_err2str(error));
}

/// What fails is simply due again at the next interval.
void consumer::impl::committed(rd_kafka_resp_err_t error,
                               const rd_kafka_topic_partition_list_t* partitions) {
  committing_ = false;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    link_.complain(error, std::string("commit: ") + rd_kafka_err2str(error));
  else
    link_.heard();
  for (int i = 0; partitions != nullptr && i < partitions->cnt; ++i) {
    const auto& each = partitions->elems[i];
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && each.err == RD_KAFKA_RESP_ERR_NO_ERROR)
      work_.committed({each.topic, each.partition}, each.offset);
  }
}

void consumer::impl::commit_and_wait(std::chrono::milliseconds limit) {
  const auto deadline = steady::now() + limit;
  const auto answer = [&] {
    while (committing_ && steady::now() < deadline)
      rd_kafka_queue_poll_callback(commits_.get(), 50);
  };
  answer();
  if (committing_)
    return;
  commit();
  answer();
}

std::chrono::milliseconds consumer::impl::wait() const {
  if (!committing_ && work_.all_committed())
    return idle_wait;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(commit_at_ - steady::now());
  return std::clamp(left, std::chrono::milliseconds(1), std::chrono::milliseconds(idle_wait));
}

void consumer::impl::tend() {
  const auto now = steady::now();
  if (now >= commit_at_) {
    rd_kafka_queue_poll_callback(commits_.get(), 0);
    if (!committing_)
      commit();
    commit_at_ = now + settings_.commit_interval;
  }
  if (now >= measure_at_) {
    measure();
    measure_at_ = now + lag_interval;
  }
  in_work_.Set(static_cast<double>(work_.count()));
  link_.probe(client_.get());
}

void consumer::impl::measure() {
  for (const auto& [p, offset] : work_.standing()) {
    int64_t low = 0;
    int64_t high = 0;
    if (rd_kafka_get_watermark_offsets(client_.get(), p.first.c_str(), p.second, &low, &high)
            != RD_KAFKA_RESP_ERR_NO_ERROR
        || high < 0)
      continue;
    auto& gauge = lag_[p];
    if (gauge == nullptr)
      gauge = &metrics_.gauge("troupe_kafka_consumer_lag", "Records not yet done",
                              {{"group", settings_.group},
                               {"topic", p.first},
                               {"partition", std::to_string(p.second)}});
    gauge->Set(static_cast<double>(std::max<int64_t>(high - offset, 0)));
  }
}

void consumer::impl::close() {
  read_mailbox();
  link_.ask(client_.get());
  // The library would wait long for brokers that are away. Without a farewell, the group gives
  // these partitions to others after the session's time-out.
  if (!link_.reachable() || !leave())
    log::warn("kafka.left_without_answer", {{"group", settings_.group}});
  assigned_.store(0, std::memory_order_relaxed);
  commits_.reset();
  queue_.reset();
  rd_kafka_destroy_flags(client_.release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

bool consumer::impl::leave() {
  commit_and_wait(revoke_commit);
  closing_ = true;
  const queue_handle events(rd_kafka_queue_new(client_.get()));
  const error_handle refused(rd_kafka_consumer_close_queue(client_.get(), events.get()));
  const auto deadline = steady::now() + close_limit;
  // Records that were fetched already come by this queue too and are dropped. (Serving it by
  // callbacks instead ends the process at the first of them.)
  while (!refused && rd_kafka_consumer_closed(client_.get()) == 0 && steady::now() < deadline) {
    const event_handle event(rd_kafka_queue_poll(events.get(), 50));
    if (event && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_REBALANCE)
      rebalance(rd_kafka_event_error(event.get()),
                rd_kafka_event_topic_partition_list(event.get()));
  }
  return rd_kafka_consumer_closed(client_.get()) != 0;
}

} // namespace troupe::kafka
