// What `membership` promises, on the real directory of nodes and on its fake.

#include "domain/membership.hpp"
#include "tests/persistence/order_worlds.hpp"
#include "tests/support/fake_membership.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

using namespace troupe;
using namespace troupe::test;

namespace {

class real_directory {
public:
  int64_t begin() {
    const auto made = begin_incarnation(
        db_.conninfo(), {"node-" + std::to_string(++nodes_), "here", "127.0.0.1:1"});
    // A stream of it that is open until its fence is carried out.
    stores_.push_back(make_order_store(db_.conninfo(), made));
    stores_.back()->connect();
    return made;
  }
  std::unique_ptr<membership> of(int64_t incarnation) {
    return make_membership(db_.conninfo(), incarnation);
  }
  /// Its last renewal was so long ago.
  void silent_for(int64_t incarnation, std::chrono::milliseconds silence) {
    const int64_t left = (std::chrono::milliseconds(lease_length) - silence).count();
    db_.session().exec("update incarnations set lease_until = clock_timestamp()"
                       " + $2::bigint * interval '1 millisecond' where incarnation = $1::bigint",
                       {incarnation, left});
  }
  void complete_fences() { troupe::complete_fences(db_.conninfo()); }

private:
  pg_database db_{database::orders};
  int nodes_ = 0;
  std::vector<std::unique_ptr<order_store>> stores_;
};

class fake_directory_world {
public:
  int64_t begin() { return db_->begin("127.0.0.1:1"); }
  std::unique_ptr<membership> of(int64_t incarnation) {
    return std::make_unique<fake_membership>(db_, incarnation);
  }
  void silent_for(int64_t incarnation, std::chrono::milliseconds silence) {
    db_->nodes[incarnation].lease_until
        = db_->now + std::chrono::duration<double>(lease_length - silence).count();
  }
  void complete_fences() { db_->complete_fences(); }

private:
  std::shared_ptr<fake_directory> db_ = std::make_shared<fake_directory>();
};

std::vector<int32_t> shards(int32_t from, int32_t to) {
  std::vector<int32_t> some(static_cast<size_t>(to - from));
  std::iota(some.begin(), some.end(), from);
  return some;
}

int free_shards(const membership_view& seen) {
  return static_cast<int>(
      std::ranges::count(seen.cluster.shards, true, &cluster_view::shard::free));
}

int owned_by(const membership_view& seen, int64_t who) {
  return static_cast<int>(std::ranges::count_if(
      seen.cluster.shards, [who](const auto& s) { return s.at.owner == who; }));
}

bool lives(const membership_view& seen, int64_t who) {
  const auto& all = seen.cluster.members;
  const auto found = std::ranges::find(all, who, &cluster_member::incarnation);
  return found != all.end() && found->lives;
}

constexpr std::chrono::milliseconds lease_over = lease_length + std::chrono::seconds(1);

} // namespace

#define EACH_DIRECTORY(name)                                                                       \
  TEST_CASE_TEMPLATE(name, directory, real_directory, fake_directory_world)

EACH_DIRECTORY("of two that claim a shard, one gets it") {
  directory d;
  const auto a = d.begin(), b = d.begin();
  auto one = d.of(a), two = d.of(b);
  CHECK(free_shards(one->renew()) == 64);
  const auto taken = one->claim(shards(0, 40));
  REQUIRE(taken.size() == 40);
  CHECK(std::ranges::all_of(taken, [](const auto& c) { return c.epoch == 1; }));
  CHECK(two->claim(shards(30, 64)).size() == 24);
  CHECK(one->claim(shards(0, 64)).empty());
  const auto seen = two->renew();
  CHECK(free_shards(seen) == 0);
  CHECK(owned_by(seen, a) == 40);
  CHECK(owned_by(seen, b) == 24);
  CHECK(seen.cluster.shards[7].at == shard_place{a, 1});
  CHECK_FALSE(seen.fenced);
}

EACH_DIRECTORY("everybody who is not fenced is seen, as they present themselves") {
  directory d;
  const auto a = d.begin(), b = d.begin();
  const auto seen = d.of(b)->renew();
  REQUIRE(seen.cluster.members.size() == 2);
  CHECK(seen.cluster.members[0]
        == cluster_member{a, "node-1", "127.0.0.1:1", cluster_protocol, true, true, false});
  d.of(a)->leave();
  CHECK(d.of(b)->renew().cluster.members[0].leaving);
}

EACH_DIRECTORY("only a node that has been silent can be fenced, and a renewal saves it") {
  directory d;
  const auto a = d.begin(), b = d.begin();
  auto one = d.of(a), two = d.of(b);
  CHECK_FALSE(two->fence(a, lease_length));
  d.silent_for(a, lease_over);
  CHECK_FALSE(lives(two->renew(), a));
  CHECK_FALSE(one->renew().fenced);
  CHECK_FALSE(two->fence(a, lease_length));
  d.silent_for(a, lease_over);
  CHECK(two->fence(a, lease_length));
  CHECK_FALSE(two->fence(a, lease_length));
  CHECK(one->renew().fenced);
  CHECK(two->renew().cluster.members.size() == 1);
}

EACH_DIRECTORY("a shorter silence is enough for who asks for less") {
  directory d;
  const auto a = d.begin(), b = d.begin();
  const std::chrono::milliseconds missed_one{1500};
  d.of(a)->renew();
  CHECK_FALSE(d.of(b)->fence(a, missed_one));
  d.silent_for(a, std::chrono::milliseconds(2000));
  CHECK_FALSE(d.of(b)->fence(a, lease_length));
  CHECK(d.of(b)->fence(a, missed_one));
}

EACH_DIRECTORY("a fenced node's shards are free once its fence is carried out") {
  directory d;
  const auto a = d.begin(), b = d.begin();
  auto one = d.of(a), two = d.of(b);
  REQUIRE(one->claim(shards(0, 64)).size() == 64);
  d.silent_for(a, lease_over);
  REQUIRE(two->fence(a, lease_length));
  auto seen = two->renew();
  CHECK(seen.fences == 1);
  CHECK(seen.unfinished);
  CHECK(free_shards(seen) == 0);
  CHECK(two->claim(shards(0, 64)).empty());
  d.complete_fences();
  seen = two->renew();
  CHECK_FALSE(seen.unfinished);
  CHECK(free_shards(seen) == 64);
  CHECK(one->claim(shards(0, 64)).empty()); // it is fenced
  CHECK(one->renew().fenced);
  CHECK(two->claim(shards(0, 64)).size() == 64);
  CHECK(owned_by(two->renew(), b) == 64);
}

EACH_DIRECTORY("a shard is given by its owner, to somebody who is not fenced") {
  directory d;
  const auto a = d.begin(), b = d.begin();
  auto one = d.of(a), two = d.of(b);
  REQUIRE(one->claim(shards(0, 2)).size() == 2);
  CHECK_FALSE(two->give({0, b}));
  CHECK(one->give({0, b}) == 2);
  CHECK_FALSE(one->give({0, b}));
  CHECK(two->renew().cluster.shards[0].at == shard_place{b, 2});
  d.silent_for(b, lease_over);
  REQUIRE(one->fence(b, lease_length));
  CHECK_FALSE(one->give({1, b}));
  CHECK(one->renew().cluster.shards[1].at == shard_place{a, 1});
}
