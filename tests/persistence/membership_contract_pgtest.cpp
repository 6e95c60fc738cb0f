// What `membership` promises, on the real directory of nodes and on its fake.

#include "tests/persistence/order_worlds.hpp"
#include "tests/support/fake_membership.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::test;

namespace {

class real_directory {
public:
  int64_t begin() {
    const auto made = begin_incarnation(db_.conninfo(), "node-" + std::to_string(++nodes_), "here");
    // A stream of it that is open until its fence is carried out.
    stores_.push_back(make_order_store(db_.conninfo(), made));
    stores_.back()->connect();
    return made;
  }
  std::unique_ptr<membership> of(int64_t incarnation) {
    return make_membership(db_.conninfo(), incarnation);
  }
  void lease_over(int64_t incarnation) {
    db_.session().exec("update incarnations set lease_until = clock_timestamp() - interval '1 s'"
                       " where incarnation = $1::bigint",
                       {incarnation});
  }
  void complete_fences() { troupe::complete_fences(db_.conninfo()); }

private:
  pg_database db_{database::orders};
  int nodes_ = 0;
  std::vector<std::unique_ptr<order_store>> stores_;
};

class fake_directory_world {
public:
  int64_t begin() { return db_->begin(); }
  std::unique_ptr<membership> of(int64_t incarnation) {
    return std::make_unique<fake_membership>(db_, incarnation);
  }
  void lease_over(int64_t incarnation) { db_->nodes[incarnation].lease_until = db_->now - 1; }
  void complete_fences() { db_->complete_fences(); }

private:
  std::shared_ptr<fake_directory> db_ = std::make_shared<fake_directory>();
};

} // namespace

#define EACH_DIRECTORY(name)                                                                       \
  TEST_CASE_TEMPLATE(name, directory, real_directory, fake_directory_world)

EACH_DIRECTORY("of two that claim, one gets all") {
  directory d;
  const auto a = d.begin(), b = d.begin();
  auto one = d.of(a), two = d.of(b);
  CHECK(one->renew().shards_free == 64);
  CHECK(one->claim() == 64);
  CHECK(two->claim() == 0);
  CHECK(one->claim() == 64);
  CHECK(one->renew().shards_owned == 64);
  const auto seen = two->renew();
  CHECK(seen.shards_free == 0);
  CHECK(seen.shards_owned == 0);
  CHECK(seen.expired.empty());
  CHECK_FALSE(seen.fenced);
}

EACH_DIRECTORY("only a node whose lease is over can be fenced, and a renewal saves it") {
  directory d;
  const auto a = d.begin(), b = d.begin();
  auto one = d.of(a), two = d.of(b);
  CHECK_FALSE(two->fence(a));
  d.lease_over(a);
  CHECK(two->renew().expired == std::vector{a});
  CHECK_FALSE(one->renew().fenced);
  CHECK_FALSE(two->fence(a));
  d.lease_over(a);
  CHECK(two->fence(a));
  CHECK_FALSE(two->fence(a));
  CHECK(one->renew().fenced);
  CHECK(two->renew().expired.empty());
}

EACH_DIRECTORY("a fenced node's shards are free once its fence is carried out") {
  directory d;
  const auto a = d.begin(), b = d.begin();
  auto one = d.of(a), two = d.of(b);
  REQUIRE(one->claim() == 64);
  d.lease_over(a);
  REQUIRE(two->fence(a));
  auto seen = two->renew();
  CHECK(seen.fences == 1);
  CHECK(seen.unfinished);
  CHECK(seen.shards_free == 0);
  CHECK(two->claim() == 0);
  d.complete_fences();
  seen = two->renew();
  CHECK_FALSE(seen.unfinished);
  CHECK(seen.shards_free == 64);
  CHECK(one->claim() == 64); // still named as the owner, and told at its renewal that it is not
  CHECK(one->renew().fenced);
  CHECK(two->claim() == 64);
  CHECK(one->claim() == 0);
}
