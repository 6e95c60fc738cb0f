// The producer's thread: reads the delivery reports, tells of them, and hands over again what has
// to wait.

#include "kafka-bridge/producer_impl.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <array>
#include <exception>

namespace troupe::kafka {

namespace {

using namespace std::chrono_literals;

constexpr int idle_wait_ms = 1000;
constexpr int topics_wait_ms = 200; ///< another look for topics that are being made

} // namespace

void producer::impl::run() {
  await_topics();
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
    await_topics();
    hand_over_due();
    if (client_)
      link_.probe(client_.get());
  }
}

int producer::impl::wait_ms() {
  const std::scoped_lock lock(guard_);
  if (stopping_ || fatal_ || !given_up_.empty())
    return 0;
  if (!topics_there_)
    return topics_wait_ms;
  const bool reports_first = in_flight_.count(place::alone) > 0
                             || (trying_suspects() && in_flight_.count(place::handed) > 0);
  if (in_flight_.count(place::waiting) + in_flight_.count(place::suspect) == 0 || reports_first)
    return idle_wait_ms;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(retry_at_ - steady::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, idle_wait_ms));
}

void producer::impl::await_topics() {
  if (topics_there_ || !client_)
    return;
  try {
    if (!missing_topics(client_.get(), topics_, 1s).empty())
      return;
  } catch (const std::exception&) {
    return; // nobody answers: the link's probe says so
  }
  warm_up();
  const std::scoped_lock lock(guard_);
  topics_there_ = true;
}

/// Without it the first event of a topic may wait 0.7 s for the topic's metadata.
void producer::impl::warm_up() {
  for (const auto& topic : topics_) {
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
  if (!client_ || fatal_ || !topics_there_ || steady::now() < retry_at_)
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

} // namespace troupe::kafka
