#include "kafka-bridge/in_work.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

using namespace troupe::kafka;

TEST_CASE("offsets are committable up to the lowest record in work") {
  in_work w(1);
  CHECK_FALSE(w.committable());
  for (const int64_t offset : {5, 6, 9})
    w.taken(offset);
  CHECK(w.committable() == 5);
  CHECK(w.done(6));
  CHECK(w.committable() == 5);
  CHECK(w.done(5));
  CHECK(w.committable() == 9);
  CHECK(w.done(9));
  CHECK(w.committable() == 10);
  w.taken(20);
  CHECK(w.committable() == 20);
}

TEST_CASE("what is not in work cannot be done") {
  in_work w(1);
  w.taken(5);
  w.taken(7);
  CHECK_FALSE(w.done(6));
  CHECK_FALSE(w.done(4));
  CHECK_FALSE(w.done(8));
  CHECK(w.done(7));
  CHECK_FALSE(w.done(7));
  CHECK(w.count() == 1);
  CHECK_THROWS_AS(w.taken(7), std::logic_error);
}

TEST_CASE("any order of done gives the lowest in work at each moment") {
  const auto seed = std::random_device{}();
  MESSAGE("seed " << seed);
  std::mt19937 random(seed);
  in_work w(1);
  std::set<int64_t> open;
  std::vector<int64_t> order;
  for (int64_t offset = 0; offset < 500; offset += 1 + static_cast<int64_t>(random() % 3)) {
    w.taken(offset);
    open.insert(offset);
    order.push_back(offset);
  }
  const auto next = *open.rbegin() + 1;
  std::shuffle(order.begin(), order.end(), random);
  for (const auto offset : order) {
    REQUIRE(w.done(offset));
    open.erase(offset);
    REQUIRE(w.committable() == (open.empty() ? next : *open.begin()));
    REQUIRE(w.count() == open.size());
  }
}

TEST_CASE("a partition is full at the limit and relaxed below half of it") {
  work_table t(4);
  const partition_id p("a", 0);
  t.assign(p, 1);
  std::vector<record_token> tokens;
  for (int64_t offset = 0; offset < 4; ++offset) {
    CHECK(t.take_full().empty());
    tokens.push_back(*t.taken(p, offset, 99));
  }
  CHECK(t.paused(p));
  CHECK(t.take_full() == std::vector{p});
  CHECK(t.take_full().empty());
  CHECK(t.done(tokens[3]));
  CHECK(t.take_relaxed().empty());
  CHECK(t.done(tokens[1]));
  CHECK(t.take_relaxed() == std::vector{p});
  CHECK_FALSE(t.paused(p));
  CHECK(t.count() == 2);
}

TEST_CASE("answers of an earlier turn are ignored") {
  work_table t;
  const partition_id p("a", 0);
  t.assign(p, 1);
  const auto old = *t.taken(p, 5, 99);
  t.clear();
  CHECK_FALSE(t.done(old));
  t.assign(p, 2);
  CHECK_FALSE(t.done(old));
  const auto now = *t.taken(p, 5, 99);
  CHECK(now.assignment == 2);
  CHECK_FALSE(t.done(old));
  CHECK(t.to_commit() == std::vector<work_table::offset_of>{{p, 5}});
  CHECK(t.done(now));
  CHECK(t.to_commit() == std::vector<work_table::offset_of>{{p, 6}});
}

TEST_CASE("a record of a partition that is not assigned is not taken") {
  work_table t;
  CHECK_FALSE(t.taken({"a", 0}, 1, 99));
  CHECK(t.size() == 0);
}

TEST_CASE("a log that begins anew begins a new turn") {
  work_table t;
  const partition_id p("a", 0);
  t.assign(p, 1);
  const auto before = *t.taken(p, 100, 7);
  const auto after = *t.taken(p, 3, 8);
  CHECK(before.assignment == 1);
  CHECK(after.assignment == 8);
  CHECK_FALSE(t.done(before));
  CHECK(t.done(after));
  CHECK(t.to_commit() == std::vector<work_table::offset_of>{{p, 4}});
}

TEST_CASE("what the broker holds is not committed again") {
  work_table t;
  const partition_id p("a", 0);
  t.assign(p, 1);
  CHECK(t.all_committed());
  const auto token = *t.taken(p, 5, 99);
  CHECK_FALSE(t.all_committed());
  t.committed(p, 5);
  CHECK(t.all_committed());
  CHECK(t.to_commit().empty());
  t.done(token);
  CHECK_FALSE(t.all_committed());
  CHECK(t.to_commit().size() == 1);
  t.committed({"gone", 0}, 5);
  CHECK(t.size() == 1);
}
