// All interleavings of one order through the real decide functions of order, stock and payment:
// every record up to twice and in any order, some lost, workers that crash anywhere, deadlines that
// fire at any time, stock that is there, missing, or comes back. With all rules no promise breaks;
// without any one of them, one does.

#include "tests/domain/model_walk.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>

using model::rules;
using model::setting;
using model::walk_result;

namespace {

walk_result run(const std::string& name, const rules& r, const setting& s) {
  const auto start = std::chrono::steady_clock::now();
  auto result = model::walk(r, s);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("model, %s: stock=%d restocks=%d lost=%d%s: %zu states, %zu settle, %.1f s\n",
              name.c_str(), s.stock, s.restocks, s.losses, s.fair_weather ? " fair weather" : "",
              result.states, result.settled, took.count());
  return result;
}

void check_all_rules(const setting& s) {
  const auto result = run("all rules", {}, s);
  for (const auto& [violation, way] : result.violations)
    FAIL_CHECK(violation, ": ", way);
  CHECK(result.settled == result.states);
  // It has been everywhere where an order can end.
  CHECK(result.ends.count("CANCELLED/PENDING") == 1);
  CHECK(result.ends.count("CANCELLED/FAILED") == 1);
  CHECK(result.ends.count("CANCELLED/REFUNDED") == 1);
  if (s.stock + s.restocks > 0)
    for (const char* end : {"CONFIRMED/SUCCESS", "DISPATCHED/SUCCESS", "COMPLETED/SUCCESS"})
      CHECK(result.ends.count(end) == 1);
}

} // namespace

TEST_CASE("no interleaving of one order breaks a promise") {
  std::vector<setting> settings
      = {{1, 0, 0}, {0, 1, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 1}, {1, 1, 2}, {0, 1, 2}};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  settings.pop_back(); // two million worlds: for the release build
#endif
  for (const auto& s : settings)
    check_all_rules(s);
}

TEST_CASE("when nothing fails, an order settles without a deadline") {
  for (const auto& s : {setting{1, 0, 0, true}, {0, 1, 0, true}, {0, 0, 0, true}})
    check_all_rules(s);
}

TEST_CASE("each rule is needed: without it a promise breaks") {
  struct variant {
    std::string name;
    bool rules::*left_out;
    setting where;
    std::string breaks; ///< the promise that must be seen to break
  };
  const variant variants[] = {
      {"stored answers again", &rules::answer_again, {1, 0, 1}, "never settles: CANCELLED/PENDING"},
      {"all events again",
       &rules::republish_all,
       {1, 0, 1},
       "never settles: PAYMENT_SUCCESS/SUCCESS"},
      {"inventory-released", &rules::stock_released, {1, 0, 1}, "stock leaked"},
      {"rejected again",
       &rules::short_again,
       {0, 0, 0, true},
       "never settles: PAYMENT_SUCCESS/SUCCESS"},
      {"parking", &rules::parking, {1, 0, 0, true}, "never settles: PAYMENT_SUCCESS/SUCCESS"},
      {"the check of the attempt", &rules::same_attempt, {1, 0, 0}, "failed though charged"},
      {"the tombstone", &rules::tombstone, {1, 0, 0}, "charged twice"},
  };
  for (const auto& v : variants) {
    rules r;
    r.*v.left_out = false;
    const auto result = run("without " + v.name, r, v.where);
    const auto broken = result.violations.find(v.breaks);
    INFO("without ", v.name);
    CHECK(broken != result.violations.end());
    if (broken != result.violations.end())
      std::printf("  %s: %s\n", v.breaks.c_str(), broken->second.c_str());
  }
}
