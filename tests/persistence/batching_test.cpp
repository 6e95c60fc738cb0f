// How batches meet bad data and contention, without a server.

#include "persistence/batching.hpp"

#include <doctest/doctest.h>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;

namespace {

const pg::error bad(store_failure::failed, "bad", "23514");
const pg::error deadlock(store_failure::wait, "deadlock", "40P01");

/// A table that refuses some items, and remembers in which order the others came.
struct table {
  std::set<std::size_t> bad_items;
  std::map<std::size_t, int> contended; ///< item → how often
  std::vector<std::size_t> written;
  int calls = 0;

  void write(std::size_t first, std::size_t last) {
    ++calls;
    for (auto i = first; i < last; ++i) {
      if (auto c = contended.find(i); c != contended.end() && c->second > 0) {
        --c->second;
        throw pg::error(deadlock);
      }
      if (bad_items.contains(i))
        throw pg::error(bad);
    }
    for (auto i = first; i < last; ++i)
      written.push_back(i);
  }
};

struct outcome {
  std::vector<std::size_t> rejected, blocked;
};

outcome run(table& t, std::size_t count) {
  outcome o;
  pg::write_batch(
      count, [&](std::size_t first, std::size_t last) { t.write(first, last); },
      [&](std::size_t i, const pg::error&) { o.rejected.push_back(i); },
      [&](std::size_t i) { o.blocked.push_back(i); });
  return o;
}

} // namespace

TEST_CASE("a good batch is one write, an empty one none") {
  table t;
  run(t, 5);
  CHECK(t.calls == 1);
  CHECK(t.written == std::vector<std::size_t>{0, 1, 2, 3, 4});
  table none;
  run(none, 0);
  CHECK(none.calls == 0);
}

TEST_CASE("bad items fail alone, wherever they stand, and the order stays") {
  for (std::size_t count = 1; count <= 9; ++count)
    for (unsigned mask = 0; mask < (1U << count); ++mask) {
      table t;
      std::vector<std::size_t> good, wrong;
      for (std::size_t i = 0; i < count; ++i)
        ((mask >> i) & 1U ? wrong : good).push_back(i);
      t.bad_items = {wrong.begin(), wrong.end()};
      const auto o = run(t, count);
      CHECK(t.written == good);
      CHECK(o.rejected == wrong);
      CHECK(o.blocked.empty());
    }
}

TEST_CASE("one bad item of many costs few writes") {
  table t;
  t.bad_items = {77};
  run(t, 256);
  CHECK(t.written.size() == 255);
  CHECK(t.calls <= 17);
}

TEST_CASE("contention is met by trying again, then one by one") {
  table once;
  once.contended = {{1, 1}};
  CHECK(run(once, 4).blocked.empty());
  CHECK(once.calls == 2);
  CHECK(once.written.size() == 4);

  table often;
  often.contended = {{1, 2}};
  CHECK(run(often, 4).blocked.empty());
  CHECK(often.calls == 6);
  CHECK(often.written == std::vector<std::size_t>{0, 1, 2, 3});

  table always;
  always.contended = {{1, 1000}};
  always.bad_items = {2};
  const auto o = run(always, 4);
  CHECK(o.blocked == std::vector<std::size_t>{1});
  CHECK(o.rejected == std::vector<std::size_t>{2});
  CHECK(always.written == std::vector<std::size_t>{0, 3});
}

TEST_CASE("nothing is written twice when contention comes in the middle of a halving") {
  table t;
  t.bad_items = {0};
  t.contended = {{3, 0}};
  // The halves reach item 3 for the first time after 1 and 2 were written.
  int seen = 0;
  std::vector<std::size_t> rejected;
  pg::write_batch(
      4,
      [&](std::size_t first, std::size_t last) {
        if (first > 0 && last > 3 && ++seen <= 2)
          throw pg::error(deadlock);
        t.write(first, last);
      },
      [&](std::size_t i, const pg::error&) { rejected.push_back(i); }, [](std::size_t) {});
  CHECK(t.written == std::vector<std::size_t>{1, 2, 3});
  CHECK(rejected == std::vector<std::size_t>{0});
}

TEST_CASE("everything else is the caller's") {
  for (auto kind : {store_failure::lost, store_failure::wait, store_failure::failed}) {
    int calls = 0;
    CHECK_THROWS_AS(pg::write_batch(
                        4,
                        [&](std::size_t, std::size_t) {
                          ++calls;
                          throw pg::error(kind, "x", "57014");
                        },
                        [](std::size_t, const pg::error&) {}, [](std::size_t) {}),
                    pg::error);
    CHECK(calls == 1);
  }
}
