#include "tests/dst/seeds.hpp"

#include "tests/dst/checks.hpp"

#include <atomic>
#include <limits>
#include <mutex>
#include <spdlog/spdlog.h>
#include <thread>

namespace troupe::dst {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int orders_a_seed = 200;
constexpr seconds arrivals{30};
constexpr seconds bad_times{45};
/// Far more than any promise may take once nothing goes wrong any more.
constexpr minutes settling{30};
constexpr size_t shown_lines = 120;
constexpr size_t shown_violations = 10;

std::set<std::string> orders_of(const std::vector<violation>& broken) {
  std::set<std::string> ids;
  for (const auto& v : broken)
    if (ids.size() < 3 && !v.order.empty())
      ids.insert(v.order);
  return ids;
}

} // namespace

void silence_log() {
  spdlog::set_level(spdlog::level::off);
}

verdict run_seed(uint64_t seed, run_options options) {
  world in(seed, options.rule);
  customers who(in, orders_a_seed, arrivals);
  in.live([] { return false; }, bad_times);
  in.faults.heal();
  in.note("", "nothing goes wrong any more");
  in.release_quarantined();
  in.live([&] { return who.all_done() && at_rest(in); }, settling);
  in.live([] { return false; }, seconds(7)); // the last watermarks and sweeps
  verdict v;
  v.seed = seed;
  v.broken = broken_promises(in, who);
  v.counts = in.faults.so_far();
  for (const auto& o : in.orders->all())
    ++v.ends[std::string(to_string(o.status)) + "/" + std::string(to_string(o.payment))];
  v.digest = in.log.digest();
  if (options.whole_trace)
    v.tail = in.log.tail({}, std::numeric_limits<size_t>::max());
  else if (!v.broken.empty())
    v.tail = in.log.tail(orders_of(v.broken), shown_lines);
  return v;
}

summary run_seeds(uint64_t first, int64_t count, int threads, run_options options,
                  const std::function<void(const verdict&)>& tell) {
  summary sum;
  std::mutex lock;
  std::atomic<int64_t> next{0};
  const auto work = [&] {
    for (int64_t i = next++; i < count; i = next++) {
      const auto v = run_seed(first + static_cast<uint64_t>(i), options);
      const std::scoped_lock guard(lock);
      ++sum.seeds;
      sum.failed += v.broken.empty() ? 0 : 1;
      for (size_t m = 0; m < v.counts.size(); ++m)
        sum.counts[m] += v.counts[m];
      for (const auto& [end, n] : v.ends)
        sum.ends[end] += n;
      tell(v);
    }
  };
  std::vector<std::thread> all;
  all.reserve(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i)
    all.emplace_back(work);
  for (auto& each : all)
    each.join();
  return sum;
}

std::string report_of(const verdict& v) {
  std::string text = "seed " + std::to_string(v.seed) + " breaks " + std::to_string(v.broken.size())
                     + " promises:\n";
  for (size_t i = 0; i < v.broken.size() && i < shown_violations; ++i) {
    const auto& each = v.broken[i];
    text += "  " + each.promise + ": " + (each.order.empty() ? "" : each.order + ", ") + each.detail
            + "\n";
  }
  text += "the end of its trace:\n" + v.tail;
  return text + "again: dst --seeds 1 --first-seed " + std::to_string(v.seed) + " --trace\n";
}

} // namespace troupe::dst
