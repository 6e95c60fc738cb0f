#include "kafka-bridge/consumer.hpp"

#include "kafka-bridge/codec.hpp"
#include "kafka-bridge/consumer_impl.hpp"
#include "kafka-bridge/records.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace troupe::kafka {

namespace {

/// Numbers turns of partitions. One row for the whole process, so that a token of an earlier
/// consumer object means nothing to its successor.
uint64_t next_assignment() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

} // namespace

consumer::impl::impl(const options& o, consumer_settings settings, consume_callback hand_out,
                     metrics& count)
    : settings_(std::move(settings)),
      hand_out_(std::move(hand_out)),
      metrics_(count),
      consumed_(count.counter("troupe_kafka_consumed_total", "Records handed out",
                              {{"group", settings_.group}})),
      in_work_(count.gauge("troupe_kafka_consumer_in_work", "Records handed out and not yet done",
                           {{"group", settings_.group}})),
      link_(settings_.group) {
  auto conf = base_conf(o);
  // What is fetched ahead is memory that nobody counts, most of it when consumers are behind. The
  // limit of a partition is of packed bytes: ten times as many are unpacked at once.
  for (const auto& [key, value] :
       {std::pair("queued.max.messages.kbytes", "2048"), std::pair("queued.min.messages", "1000"),
        std::pair("fetch.max.bytes", "2097152"), std::pair("max.partition.fetch.bytes", "65536")})
    require_property(conf.get(), key, value);
  for (const auto& [key, value] : o.extra)
    require_property(conf.get(), key, value);
  consumer_conf(conf.get(), o, settings_.group);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(
      conf.get(),
      [](rd_kafka_t*, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions,
         void* self) { static_cast<impl*>(self)->rebalance(what, partitions); });
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int code, const char* why, void* self) {
    auto& link = static_cast<impl*>(self)->link_;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
      link.doubt();
    else
      link.complain(static_cast<rd_kafka_resp_err_t>(code), why);
  });
  client_ = make_client(RD_KAFKA_CONSUMER, std::move(conf));
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  commits_.reset(rd_kafka_queue_new(client_.get()));
  std::vector<partition_id> topics;
  topics.reserve(settings_.topics.size());
  for (const auto& topic : settings_.topics)
    topics.emplace_back(topic, RD_KAFKA_PARTITION_UA);
  const auto list = list_of(topics);
  if (const auto error = rd_kafka_subscribe(client_.get(), list.get());
      error != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::invalid_argument(std::string("cannot subscribe: ") + rd_kafka_err2str(error));
  thread_ = std::thread([this] { run(); });
}

void consumer::impl::done(std::vector<record_token> finished) {
  const std::scoped_lock lock(guard_);
  if (stopping_ || finished.empty())
    return;
  const bool wake = finished_.empty();
  std::move(finished.begin(), finished.end(), std::back_inserter(finished_));
  if (wake)
    rd_kafka_queue_yield(queue_.get());
}

void consumer::impl::pause_all(bool pause) {
  const std::scoped_lock lock(guard_);
  if (stopping_ || pause_wanted_ == pause)
    return;
  pause_wanted_ = pause;
  rd_kafka_queue_yield(queue_.get());
}

void consumer::impl::stop() {
  const std::scoped_lock once(stop_guard_);
  if (!thread_.joinable())
    return;
  {
    const std::scoped_lock lock(guard_);
    stopping_ = true;
    rd_kafka_queue_yield(queue_.get());
  }
  thread_.join();
}

void consumer::impl::run() {
  for (;;) {
    {
      const std::scoped_lock lock(guard_);
      if (stopping_)
        break;
    }
    read_mailbox();
    tend();
    poll(wait());
  }
  close();
}

void consumer::impl::read_mailbox() {
  std::vector<record_token> finished;
  bool pause = false;
  {
    const std::scoped_lock lock(guard_);
    finished.swap(finished_);
    pause = pause_wanted_;
  }
  for (const auto& token : finished)
    work_.done(token);
  if (pause != paused_)
    set_paused(pause);
  if (auto relaxed = work_.take_relaxed(); !relaxed.empty() && !paused_)
    resume(relaxed);
}

/// A partition that is full stays paused when all others are resumed; one that has not handed out
/// anything yet is paused at its first record (`take`).
void consumer::impl::set_paused(bool pause_them) {
  paused_ = pause_them;
  log::info(paused_ ? "kafka.paused" : "kafka.resumed", {{"group", settings_.group}});
  std::vector<partition_id> which;
  if (paused_) {
    for (const auto& started : work_.standing())
      which.push_back(started.where);
    pause(which);
  } else {
    std::copy_if(held_.begin(), held_.end(), std::back_inserter(which),
                 [this](const partition_id& p) { return !work_.paused(p); });
    resume(which);
  }
}

/// Only partitions that have handed out a record: a pause or resume while the library still starts
/// a partition makes it forget the start, and the partition stands still until the next rebalance.
void consumer::impl::pause(const std::vector<partition_id>& which) {
  std::vector<partition_id> fresh;
  std::copy_if(which.begin(), which.end(), std::back_inserter(fresh),
               [this](const partition_id& p) { return held_.insert(p).second; });
  if (!fresh.empty())
    rd_kafka_pause_partitions(client_.get(), list_of(fresh).get());
}

void consumer::impl::resume(const std::vector<partition_id>& which) {
  std::vector<partition_id> held;
  std::copy_if(which.begin(), which.end(), std::back_inserter(held),
               [this](const partition_id& p) { return held_.erase(p) > 0; });
  if (!held.empty())
    rd_kafka_resume_partitions(client_.get(), list_of(held).get());
}

void consumer::impl::poll(std::chrono::milliseconds wait) {
  auto left = batch_.empty() || paused_ ? static_cast<int>(wait.count()) : 0;
  do {
    const message_handle m(rd_kafka_consumer_poll(client_.get(), left));
    if (!m)
      break;
    left = 0;
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      take(*m);
    else
      link_.complain(m->err, rd_kafka_message_errstr(m.get()));
  } while (batch_.size() < settings_.batch);
  if (batch_.empty() || paused_)
    return;
  link_.heard();
  consumed_.Increment(static_cast<double>(batch_.size()));
  hand_out_(std::exchange(batch_, {}));
}

void consumer::impl::take(const rd_kafka_message_t& m) {
  const partition_id p(rd_kafka_topic_name(m.rkt), m.partition);
  // Nothing for a partition that is not ours: it comes again where it is now.
  auto token = work_.taken(p, m.offset, next_assignment());
  if (!token)
    return;
  batch_.push_back({std::move(*token), decode(view_of(m))});
  pause(work_.take_full());
  if (paused_)
    pause({p}); // its first record waits in `batch_`
}

/// Called from within `rd_kafka_consumer_poll` and while closing.
void consumer::impl::rebalance(rd_kafka_resp_err_t what,
                               rd_kafka_topic_partition_list_t* partitions) {
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    begin(partitions);
    return;
  }
  if (what != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
    link_.complain(what, rd_kafka_err2str(what));
  end();
  rd_kafka_assign(client_.get(), nullptr);
}

void consumer::impl::begin(rd_kafka_topic_partition_list_t* partitions) {
  const auto turn = next_assignment();
  for (int i = 0; i < partitions->cnt; ++i)
    work_.assign({partitions->elems[i].topic, partitions->elems[i].partition}, turn);
  rd_kafka_assign(client_.get(), partitions);
  assigned_.store(work_.size(), std::memory_order_relaxed);
  link_.heard();
  log::info("kafka.assigned",
            {{"group", settings_.group}, {"partitions", partitions->cnt}, {"assignment", turn}});
}

void consumer::impl::end() {
  const bool lost = rd_kafka_assignment_lost(client_.get()) != 0;
  batch_.clear(); // not done, hence not committed: they come again
  read_mailbox();
  resume({held_.begin(), held_.end()}); // the library would remember it in the next turn
  // When the assignment is lost, others may have these partitions already: the broker refuses.
  if (!lost && !closing_)
    commit_and_wait(revoke_commit);
  log::info("kafka.revoked",
            {{"group", settings_.group}, {"lost", lost}, {"in_work", work_.count()}});
  work_.clear();
  assigned_.store(0, std::memory_order_relaxed);
  for (const auto& [p, gauge] : lag_)
    gauge->Set(0);
}

consumer::consumer(const options& o, consumer_settings settings, consume_callback hand_out,
                   metrics& count)
    : impl_(std::make_unique<impl>(o, std::move(settings), std::move(hand_out), count)) {}

consumer::~consumer() = default;

void consumer::done(std::vector<record_token> finished) {
  impl_->done(std::move(finished));
}

void consumer::pause_all() {
  impl_->pause_all(true);
}

void consumer::resume_all() {
  impl_->pause_all(false);
}

void consumer::stop() {
  impl_->stop();
}

bool consumer::connected() const {
  return impl_->connected();
}

size_t consumer::assigned() const {
  return impl_->assigned();
}

} // namespace troupe::kafka
