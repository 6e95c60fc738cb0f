// dst: runs seeds of the deterministic simulation, and says last whether a promise broke.

// The fakes know doctest; this is no test program.
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/dst/seeds.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <doctest/doctest.h>
#include <string_view>
#include <thread>

namespace {

using namespace troupe;
using namespace troupe::dst;

constexpr const char* usage = "dst [--seeds N] [--first-seed N] [--threads N] [--trace] [--log]\n"
                              "  --seeds N       how many seeds to run (500)\n"
                              "  --first-seed N  the first of them (1)\n"
                              "  --threads N     worlds at once (one a core)\n"
                              "  --trace         the whole trace of each seed\n"
                              "  --log           what the actors log\n"
                              "  --break RULE    break a rule on purpose: answer_before_commit,\n"
                              "                  unknown_is_failed, no_void, answers_once or\n"
                              "                  offset_first\n";

struct wanted {
  int64_t seeds = 500;
  int64_t first = 1;
  int64_t threads = std::max(1U, std::thread::hardware_concurrency());
  bool trace = false;
  bool log = false;
  sabotage rule = sabotage::none;
};

bool number_of(const char* text, int64_t& into) {
  const auto* end = text + std::strlen(text);
  const auto [at, bad] = std::from_chars(text, end, into);
  return bad == std::errc() && at == end && into > 0;
}

bool rule_of(std::string_view name, sabotage& into) {
  for (int s = 0; s < sabotage_count; ++s)
    if (to_string(static_cast<sabotage>(s)) == name) {
      into = static_cast<sabotage>(s);
      return true;
    }
  return false;
}

bool read(int argc, char** argv, wanted& w) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--trace") {
      w.trace = true;
      continue;
    }
    if (word == "--log") {
      w.log = true;
      continue;
    }
    if (word == "--break" && i + 1 < argc && rule_of(argv[i + 1], w.rule)) {
      ++i;
      continue;
    }
    int64_t* into = word == "--seeds"        ? &w.seeds
                    : word == "--first-seed" ? &w.first
                    : word == "--threads"    ? &w.threads
                                             : nullptr;
    if (!into || ++i == argc || !number_of(argv[i], *into))
      return false;
  }
  return true;
}

void print(const summary& sum) {
  std::printf("mishaps:\n");
  for (size_t m = 0; m < sum.counts.size(); ++m) {
    const auto name = to_string(static_cast<mishap>(m));
    std::printf("  %-22.*s %lld\n", static_cast<int>(name.size()), name.data(),
                static_cast<long long>(sum.counts[m]));
  }
  std::printf("orders, by their end:\n");
  for (const auto& [end, count] : sum.ends)
    std::printf("  %-22s %lld\n", end.c_str(), static_cast<long long>(count));
}

} // namespace

int main(int argc, char** argv) {
  wanted w;
  if (!read(argc, argv, w)) {
    std::fputs(usage, stderr);
    return 2;
  }
  if (!w.log)
    silence_log();
  if (w.trace) {
    for (int64_t i = 0; i < w.seeds; ++i) {
      const auto v
          = run_seed(static_cast<uint64_t>(w.first + i), {.whole_trace = true, .rule = w.rule});
      std::fputs(v.tail.c_str(), stdout);
    }
  }
  const auto sum = run_seeds(static_cast<uint64_t>(w.first), w.seeds, static_cast<int>(w.threads),
                             {.rule = w.rule}, [](const verdict& v) {
                               if (!v.broken.empty())
                                 std::fputs(report_of(v).c_str(), stdout);
                             });
  print(sum);
  std::printf("%lld of %lld seeds from %lld on broke a promise\n",
              static_cast<long long>(sum.failed), static_cast<long long>(sum.seeds),
              static_cast<long long>(w.first));
  return sum.failed == 0 ? 0 : 1;
}
