#include "kafka-bridge/consumer.hpp"

#include "kafka-bridge/client.hpp"
#include "kafka-bridge/codec.hpp"
#include "kafka-bridge/in_work.hpp"
#include "kafka-bridge/records.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace troupe::kafka {

namespace {

using namespace std::chrono_literals;

constexpr auto idle_wait = 1000ms;
constexpr auto lag_interval = 5s;
constexpr auto revoke_commit = 1500ms; ///< how long a revocation waits for its commit
constexpr auto close_limit = 1500ms;   ///< how long leaving the group may take

/// Numbers turns of partitions. One row for the whole process, so that a token of an earlier
/// consumer object means nothing to its successor.
uint64_t next_assignment() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

} // namespace

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
  std::map<partition_id, prometheus::Gauge*> lag_;
  bool paused_ = false;
  bool closing_ = false;    ///< the last commit is over
  bool committing_ = false; ///< one commit at a time is on its way
  steady::time_point commit_at_{};
  steady::time_point measure_at_{};

  std::mutex stop_guard_;
  std::thread thread_;
};

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
  for (const auto& [key, value] : {std::pair("queued.max.messages.kbytes", "16384"),
                                   std::pair("queued.min.messages", "10000")})
    if (!o.extra.contains(key))
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

/// A partition that is full stays paused when all others are resumed.
void consumer::impl::set_paused(bool pause_them) {
  paused_ = pause_them;
  log::info(paused_ ? "kafka.paused" : "kafka.resumed", {{"group", settings_.group}});
  std::vector<partition_id> which;
  for (const auto& p : work_.partitions())
    if (!work_.paused(p))
      which.push_back(p);
  if (paused_)
    pause(which);
  else
    resume(which);
}

void consumer::impl::pause(const std::vector<partition_id>& which) {
  if (!which.empty())
    rd_kafka_pause_partitions(client_.get(), list_of(which).get());
}

void consumer::impl::resume(const std::vector<partition_id>& which) {
  if (!which.empty())
    rd_kafka_resume_partitions(client_.get(), list_of(which).get());
}

void consumer::impl::poll(std::chrono::milliseconds wait) {
  auto left = static_cast<int>(wait.count());
  while (batch_.size() < settings_.batch) {
    const message_handle m(rd_kafka_consumer_poll(client_.get(), left));
    if (!m)
      break;
    left = 0;
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      take(*m);
    else
      link_.complain(m->err, rd_kafka_message_errstr(m.get()));
  }
  if (batch_.empty())
    return;
  link_.heard();
  consumed_.Increment(static_cast<double>(batch_.size()));
  hand_out_(std::exchange(batch_, {}));
}

void consumer::impl::take(const rd_kafka_message_t& m) {
  const partition_id p(rd_kafka_topic_name(m.rkt), m.partition);
  // Nothing for a partition that is not ours: it comes again where it is now.
  if (auto token = work_.taken(p, m.offset, next_assignment()))
    batch_.push_back({std::move(*token), decode(view_of(m))});
  if (const auto full = work_.take_full(); !full.empty() && !paused_)
    pause(full);
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
  // The library remembers what was paused in an earlier turn.
  if (paused_)
    rd_kafka_pause_partitions(client_.get(), partitions);
  else
    rd_kafka_resume_partitions(client_.get(), partitions);
  assigned_.store(work_.size(), std::memory_order_relaxed);
  link_.heard();
  log::info("kafka.assigned",
            {{"group", settings_.group}, {"partitions", partitions->cnt}, {"assignment", turn}});
}

void consumer::impl::end() {
  const bool lost = rd_kafka_assignment_lost(client_.get()) != 0;
  batch_.clear(); // not done, hence not committed: they come again
  read_mailbox();
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
