// Who should own which shard, and who may be fenced. What comes of many nodes that decide so is in
// tests/actors/cluster_history_test.cpp.

#include "domain/cluster.hpp"
#include "domain/membership.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

using namespace troupe;

namespace {

std::vector<cluster_member> nodes(int count) {
  std::vector<cluster_member> all;
  for (int i = 1; i <= count; ++i)
    all.push_back({i, "node-" + std::to_string(i), "127.0.0.1:" + std::to_string(i)});
  return all;
}

std::vector<int64_t> owners(const std::vector<cluster_member>& among) {
  std::vector<int64_t> all;
  all.reserve(shard_count);
  for (int32_t shard = 0; shard < shard_count; ++shard)
    all.push_back(rightful_owner(shard, among));
  return all;
}

std::vector<int64_t> incarnations(const std::vector<cluster_member>& some) {
  std::vector<int64_t> all;
  all.reserve(some.size());
  for (const auto& m : some)
    all.push_back(m.incarnation);
  return all;
}

} // namespace

TEST_CASE("every shard has one rightful owner, and every node of a small cluster has some") {
  for (int count = 1; count <= 8; ++count) {
    std::map<int64_t, int> share;
    for (auto who : owners(nodes(count)))
      ++share[who];
    CHECK(share.size() == static_cast<size_t>(count));
    CHECK_FALSE(share.contains(0));
  }
  CHECK(rightful_owner(0, {}) == 0);
}

TEST_CASE("a node that comes or goes moves only its own shards") {
  for (int count = 2; count <= 8; ++count) {
    const auto all = nodes(count);
    for (const auto& gone : all) {
      auto rest = all;
      std::erase(rest, gone);
      const auto before = owners(all), after = owners(rest);
      for (size_t shard = 0; shard < before.size(); ++shard)
        CHECK((before[shard] == gone.incarnation || before[shard] == after[shard]));
    }
  }
}

TEST_CASE("one that comes back under its name gets its old shards") {
  auto all = nodes(3);
  const auto before = owners(all);
  all[1].incarnation = 9;
  auto after = owners(all);
  std::ranges::replace(after, 9, 2);
  CHECK(after == before);
}

TEST_CASE("who may own") {
  auto all = nodes(3);
  CHECK(incarnations(candidates(all)) == std::vector<int64_t>{1, 2, 3});
  SUBCASE("not one whose lease is over") {
    all[0].lives = false;
    CHECK(incarnations(candidates(all)) == std::vector<int64_t>{2, 3});
  }
  SUBCASE("not one that leaves, even the last") {
    all[1].leaving = true;
    CHECK(incarnations(candidates(all)) == std::vector<int64_t>{1, 3});
    all[0].leaving = all[2].leaving = true;
    CHECK(candidates(all).empty());
  }
  SUBCASE("one that has just come back waits, unless nobody has waited") {
    all[2].joined = false;
    CHECK(incarnations(candidates(all)) == std::vector<int64_t>{1, 2});
    all[0].joined = all[1].joined = false;
    CHECK(incarnations(candidates(all)) == std::vector<int64_t>{1, 2, 3});
  }
  SUBCASE("one of another protocol than the first waits until the others are gone") {
    all[0].protocol = 7;
    CHECK(incarnations(candidates(all)) == std::vector<int64_t>{1});
    all[0].lives = false;
    CHECK(incarnations(candidates(all)) == std::vector<int64_t>{2, 3});
  }
  SUBCASE("one that cannot be reached shares with nobody") {
    all[1].address.clear();
    CHECK(incarnations(candidates(all)) == std::vector<int64_t>{1, 3});
    all[0].address.clear();
    CHECK(incarnations(candidates(all)) == std::vector<int64_t>{1});
  }
}

TEST_CASE("the plan claims what is free and one's own, and gives what is somebody else's") {
  cluster_view seen;
  seen.members = nodes(2);
  for (auto& shard : seen.shards)
    shard = {{1, 1}, false};
  const auto right = owners(seen.members);
  const auto theirs = static_cast<size_t>(std::ranges::count(right, 2));
  CHECK(plan_shards(seen, 1).claim.empty());
  REQUIRE(plan_shards(seen, 1).give.size() == theirs);
  for (const auto& move : plan_shards(seen, 1).give)
    CHECK((move.to == 2 && right.at(static_cast<size_t>(move.shard)) == 2));
  CHECK(plan_shards(seen, 2).claim.empty());
  CHECK(plan_shards(seen, 2).give.empty());
  for (auto& shard : seen.shards)
    shard.free = true;
  CHECK(plan_shards(seen, 2).claim.size() == theirs);
  seen.members[0].address.clear(); // alone by right, and not to be reached
  seen.members[1].leaving = true;
  CHECK(plan_shards(seen, 2).give.empty());
}

TEST_CASE("whose lease is over may be fenced, and who is lost after one missed renewal") {
  cluster_view seen;
  seen.members = nodes(4);
  seen.members[1].lives = false;
  CHECK(suspects(seen, 1, {}) == std::vector<suspect>{{2, lease_length}});
  CHECK(suspects(seen, 2, {}).empty());
  CHECK(suspects(seen, 1, {1, 2, 4, 99})
        == std::vector<suspect>{{2, lease_length}, {4, std::chrono::milliseconds(1500)}});
}
