#include "tests/sim/recorded.hpp"

#include <doctest/doctest.h>

using namespace troupe::sim;
using namespace troupe::sim::test;
using namespace std::chrono_literals;
using troupe::order_status;

namespace {

uint32_t count(const recorder::row& of, call what, outcome how) {
  return of.calls[static_cast<size_t>(what)].outcomes[static_cast<size_t>(how)];
}

} // namespace

TEST_CASE("a call counts in the second of its end, with its latency from the intended start") {
  recorder seen(start);
  one(seen, call::pay, outcome::ok, 100ms, 20ms);
  one(seen, call::pay, outcome::ok, 900ms, 300ms);
  seen.finish(start + 2s);
  REQUIRE(seen.rows().size() == 2);
  CHECK(count(seen.rows()[0], call::pay, outcome::ok) == 1);
  CHECK(count(seen.rows()[1], call::pay, outcome::ok) == 1);
  const auto& second = seen.rows()[1].calls[static_cast<size_t>(call::pay)];
  CHECK(second.p50_us == 300'000);
  CHECK(seen.of(call::pay).latency.count() == 2);
  CHECK(seen.of(call::pay).latency.max() == 300'000);
  CHECK(seen.elapsed() == 2s);
}

TEST_CASE("silent seconds have rows of their own") {
  recorder seen(start);
  one(seen, call::create_order, outcome::ok, 0ms, 1ms);
  seen.begin(call::create_order);
  seen.tick(start + 5s + 10ms, 0ns);
  REQUIRE(seen.rows().size() == 5);
  CHECK(count(seen.rows()[3], call::create_order, outcome::ok) == 0);
  CHECK(seen.rows()[3].in_flight == 1);
  seen.end(call::create_order, outcome::ok, start, start + 5s + 20ms);
  CHECK(seen.in_flight() == 0);
  seen.finish(start + 5500ms);
  REQUIRE(seen.rows().size() == 6);
  CHECK(seen.rows()[5].calls[static_cast<size_t>(call::create_order)].p99_us == 5'020'000);
}

TEST_CASE("what was turned away or broke is counted, and does not look quick") {
  recorder seen(start);
  for (auto how : {outcome::busy, outcome::failed, outcome::broken})
    one(seen, call::get_order, how, 0ms, 1ms);
  one(seen, call::get_order, outcome::timed_out, 0ms, 10s);
  one(seen, call::get_order, outcome::refused, 10s, 2ms);
  const auto& total = seen.of(call::get_order);
  CHECK(sum(total.outcomes) == 5);
  CHECK(errors(total.outcomes) == 4);
  CHECK(total.latency.count() == 2);
  CHECK(total.latency.max() == 10'000'000);
}

TEST_CASE("an abandoned call is neither a success nor an error") {
  recorder seen(start);
  seen.begin(call::wait_order);
  CHECK(seen.of(call::wait_order).in_flight == 1);
  seen.abandon(call::wait_order);
  CHECK(seen.in_flight() == 0);
  CHECK(sum(seen.of(call::wait_order).outcomes) == 0);
}

TEST_CASE("orders move between states") {
  recorder seen(start);
  seen.moved(std::nullopt, order_status::created);
  seen.moved(std::nullopt, order_status::created);
  seen.moved(order_status::created, order_status::payment_success);
  seen.tick(start + 1s, 0ns);
  const auto& at = seen.rows().at(0).orders;
  CHECK(at[static_cast<size_t>(order_status::created)] == 1);
  CHECK(at[static_cast<size_t>(order_status::payment_success)] == 1);
}

TEST_CASE("a late loop or a full core marks the second as the simulation's own limit") {
  recorder seen(start);
  seen.tick(start, 0ns);
  seen.lag(1ms);
  seen.tick(start + 1s, 300ms);
  seen.lag(recorder::lag_limit);
  seen.tick(start + 2s, 500ms);
  seen.tick(start + 3s, 1480ms);
  seen.tick(start + 4s, 1500ms);
  REQUIRE(seen.rows().size() == 4);
  CHECK(!seen.rows()[0].own_limit);
  CHECK(seen.rows()[0].cpu == doctest::Approx(0.3));
  CHECK(seen.rows()[1].own_limit);
  CHECK(seen.rows()[1].lag_us == 50'000);
  CHECK(seen.rows()[2].own_limit);
  CHECK(!seen.rows()[3].own_limit);
  CHECK(seen.seconds_at_own_limit() == 2);
  CHECK(seen.lags().count() == 2);
}

TEST_CASE("rows are bounded, totals go on") {
  recorder seen(start);
  const std::chrono::seconds long_after(recorder::most_rows + 10);
  one(seen, call::pay, outcome::ok, long_after, 1ms);
  CHECK(seen.rows().size() == recorder::most_rows);
  CHECK(sum(seen.of(call::pay).outcomes) == 1);
  CHECK(seen.elapsed() == long_after);
}

TEST_CASE("a fault has recovered with the first order that was wanted after it was confirmed") {
  recorder seen(start);
  auto& faults = seen.faults();
  const auto kill = faults.fired("troupe.kill", start + 1s);
  one(seen, call::create_order, outcome::ok, 1050ms, 10ms);
  faults.confirmed(kill, "process 7 is gone", start + 1100ms);
  one(seen, call::create_order, outcome::ok, 1050ms, 100ms); // wanted before
  one(seen, call::create_order, outcome::broken, 1200ms, 1ms);
  one(seen, call::get_order, outcome::ok, 1200ms, 1ms);
  const auto freeze = faults.fired("postgres.freeze", start + 1300ms); // never confirmed
  faults.ended(freeze, start + 1400ms);
  CHECK(!faults.all()[kill].recovered);
  one(seen, call::create_order, outcome::ok, 1300ms, 900ms);
  one(seen, call::create_order, outcome::ok, 2300ms, 1ms);
  const auto all = faults.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].kind == "troupe.kill");
  CHECK(all[0].detail == "process 7 is gone");
  CHECK(all[0].recovered == start + 2200ms);
  CHECK(all[1].ended == start + 1400ms);
  CHECK(!all[1].confirmed);
  CHECK(!all[1].recovered);
}
