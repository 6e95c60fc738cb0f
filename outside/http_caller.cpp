#include "outside/http_caller.hpp"

#include "outside/curl_exchange.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

namespace troupe {

namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr auto lately = 10s;
constexpr auto probe_every = 3s;
constexpr auto probe_limit = 2000ms;
constexpr auto longest_sleep = 1s;

} // namespace

class http_caller::worker {
public:
  explicit worker(options how)
      : how_(std::move(how)), set_(how_.in_flight + 1), thread_([this] { run(); }) {}

  ~worker() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    set_.wake();
    thread_.join();
  }

  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  void post(call what, done then) {
    const char* refusal = nullptr;
    {
      std::lock_guard lock(mutex_);
      if (stopping_) {
        refusal = "the client is stopping";
      } else if (outstanding_ >= how_.in_flight + how_.waiting) {
        refusal = "too many calls are waiting";
      } else {
        ++outstanding_;
        arrived_.push_back({std::move(what), std::move(then)});
        return set_.wake();
      }
    }
    then({refusal, false, 0, {}});
  }

  bool answered_lately() const {
    auto at = answered_.load(std::memory_order_relaxed);
    return at != 0 && clock::now().time_since_epoch() - clock::duration(at) < lately;
  }

private:
  struct entry {
    call what;
    done then;
  };
  struct running {
    std::optional<entry> of; // none: a probe
    std::unique_ptr<curl_exchange> exchange;
  };

  void run() {
    while (take_arrivals()) {
      auto now = clock::now();
      wake_sleepers(now);
      expire(now);
      start_waiting(now);
      probe(now);
      for (auto* over : set_.perform())
        finish(over);
      if (!work_is_ready())
        set_.wait(sleep_time());
    }
    stop();
  }

  // False when it is time to stop.
  bool take_arrivals() {
    std::lock_guard lock(mutex_);
    for (auto& next : arrived_)
      sleeping_.emplace(next.what.not_before, std::move(next));
    arrived_.clear();
    return !stopping_;
  }

  void wake_sleepers(clock::time_point now) {
    while (!sleeping_.empty() && sleeping_.begin()->first <= now) {
      auto node = sleeping_.extract(sleeping_.begin());
      auto number = ++last_number_;
      expiry_.emplace(node.mapped().what.give_up_at, number);
      waiting_.emplace(number, std::move(node.mapped()));
    }
  }

  void expire(clock::time_point now) {
    while (!expiry_.empty() && expiry_.begin()->first <= now) {
      auto late = waiting_.extract(expiry_.begin()->second);
      expiry_.erase(expiry_.begin());
      answer(late.mapped(), {"its time ran out before it could be sent", false, 0, {}});
    }
  }

  void start_waiting(clock::time_point now) {
    while (!waiting_.empty() && in_flight_ < how_.in_flight) {
      auto next = waiting_.extract(waiting_.begin());
      auto& what = next.mapped().what;
      expiry_.erase({what.give_up_at, next.key()});
      auto rest = std::max(std::chrono::ceil<milliseconds>(what.give_up_at - now), 1ms);
      try {
        auto exchange = set_.post(how_.url + what.path, what.headers, std::move(what.body),
                                  std::min(what.limit, rest));
        ++in_flight_;
        auto* key = exchange.get();
        running_.emplace(key, running{std::move(next.mapped()), std::move(exchange)});
      } catch (const std::exception& e) {
        answer(next.mapped(), {e.what(), false, 0, {}});
      }
    }
  }

  // Readiness must not depend on customers: when nobody has called for a while, ask.
  void probe(clock::time_point now) {
    if (how_.probe_path.empty() || probing_ || now < next_probe_)
      return;
    try {
      auto exchange = set_.get(how_.url + how_.probe_path, probe_limit);
      auto* key = exchange.get();
      running_.emplace(key, running{std::nullopt, std::move(exchange)});
      probing_ = true;
    } catch (const std::exception& e) {
      log::warn("http_caller.probe_failed", {{"error", e.what()}});
      next_probe_ = now + probe_every;
    }
  }

  void finish(curl_exchange* over) {
    auto node = running_.extract(over);
    auto& ended = node.mapped();
    outcome out{ended.exchange->error(), true, ended.exchange->status(), ended.exchange->body()};
    ended.exchange.reset();
    auto now = clock::now();
    if (out.error.empty() && out.status < 500)
      answered_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    if (ended.of) {
      --in_flight_;
      answer(*ended.of, out);
    } else {
      probing_ = false;
    }
    if (!ended.of || out.error.empty())
      next_probe_ = now + probe_every;
  }

  void answer(entry& of, const outcome& out) {
    {
      std::lock_guard lock(mutex_);
      --outstanding_;
    }
    try {
      of.then(out);
    } catch (const std::exception& e) {
      log::error("http_caller.callback_threw", {{"error", e.what()}});
    }
  }

  // A callback may have posted, a finished call may have made room.
  bool work_is_ready() {
    if (!waiting_.empty() && in_flight_ < how_.in_flight)
      return true;
    std::lock_guard lock(mutex_);
    return stopping_ || !arrived_.empty();
  }

  milliseconds sleep_time() const {
    auto until = clock::now() + longest_sleep;
    if (!sleeping_.empty())
      until = std::min(until, sleeping_.begin()->first);
    if (!expiry_.empty())
      until = std::min(until, expiry_.begin()->first);
    if (!probing_ && !how_.probe_path.empty())
      until = std::min(until, next_probe_);
    return std::max(std::chrono::ceil<milliseconds>(until - clock::now()), 0ms);
  }

  void stop() {
    take_arrivals(); // what came between the last look and `stopping_`
    for (auto& [exchange, ended] : running_) {
      ended.exchange.reset();
      if (ended.of)
        answer(*ended.of, {"the client is stopping", false, 0, {}});
    }
    for (auto& [number, left] : waiting_)
      answer(left, {"the client is stopping", false, 0, {}});
    for (auto& [at, left] : sleeping_)
      answer(left, {"the client is stopping", false, 0, {}});
  }

  const options how_;
  curl_set set_;
  std::atomic<clock::rep> answered_{0};

  std::mutex mutex_; // guards the next three
  bool stopping_ = false;
  int outstanding_ = 0; // posted and not yet answered
  std::vector<entry> arrived_;

  // Of the thread alone.
  std::multimap<clock::time_point, entry> sleeping_;        // by the time at which they may start
  std::map<uint64_t, entry> waiting_;                       // for room, in order of arrival
  std::set<std::pair<clock::time_point, uint64_t>> expiry_; // of those that wait
  std::map<curl_exchange*, running> running_;
  int in_flight_ = 0; // running, without the probe
  uint64_t last_number_ = 0;
  bool probing_ = false;
  clock::time_point next_probe_ = clock::now();

  std::thread thread_; // last: it uses all of the above
};

http_caller::http_caller(options how) {
  if (!how.url.starts_with("http://") && !how.url.starts_with("https://"))
    throw std::invalid_argument("not an http or https URL");
  while (how.url.ends_with('/'))
    how.url.pop_back();
  worker_ = std::make_unique<worker>(std::move(how));
}

http_caller::~http_caller() = default;

void http_caller::post(call what, done then) {
  worker_->post(std::move(what), std::move(then));
}

bool http_caller::answered_lately() const {
  return worker_->answered_lately();
}

} // namespace troupe
