// What a node does with its place among the others: the keeper, and the region that obeys it.

#include "actors/membership_keeper.hpp"
#include "tests/support/fake_membership.hpp"
#include "tests/support/order_house.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

struct keeper_house : stage {
  membership_keeper spawn_keeper(int64_t incarnation) {
    auto session = std::make_unique<fake_membership>(directory, incarnation);
    return keep(sys.spawn(membership_keeper_behavior,
                          std::make_shared<std::unique_ptr<membership>>(std::move(session)), mine,
                          std::vector<fence_sweeper>{sweeper}, &count, &board));
  }
  health shards() { return board.checks("order").at("shards").state; }

  health_board board;
  std::shared_ptr<fake_directory> directory = std::make_shared<fake_directory>();
  std::shared_ptr<lease> mine = std::make_shared<lease>();
  int sweeps = 0;
  fence_sweeper sweeper
      = keep(sys.spawn(fence_sweeper_behavior, fence_task{"orders", [this] {
                                                            ++sweeps;
                                                            directory->complete_fences();
                                                          }}));
};

} // namespace

TEST_CASE_FIXTURE(keeper_house, "a node alone claims, owns and serves") {
  CHECK(mine->now() == standing::lease_over);
  spawn_keeper(directory->begin());
  run();
  CHECK(mine->now() == standing::owner);
  CHECK(shards() == health::up);
  CHECK(count.text().find("troupe_shards_owned 64") != std::string::npos);
}

TEST_CASE_FIXTURE(keeper_house,
                  "beside an owner it stands by, and takes over what its fence frees") {
  directory->owner = directory->begin();
  const auto me = directory->begin();
  spawn_keeper(me);
  run();
  CHECK(mine->now() == standing::standby);
  CHECK(shards() == health::down);
  sweeps = 0;
  directory->nodes[directory->owner].fenced = true; // by somebody
  pass(std::chrono::seconds(2));                    // seen, then swept, then claimed
  CHECK(sweeps > 0);
  CHECK(directory->owner == me);
  CHECK(mine->now() == standing::owner);
}

TEST_CASE_FIXTURE(keeper_house, "it fences nobody before its own renewals have lasted") {
  const auto other = directory->begin();
  spawn_keeper(directory->begin());
  directory->nodes[other].lease_until = -1;
  pass(std::chrono::seconds(1));
  CHECK_FALSE(directory->nodes[other].fenced);
}

TEST_CASE_FIXTURE(keeper_house, "a directory that is away ends nothing at once") {
  const auto me = directory->begin();
  spawn_keeper(me);
  run();
  directory->down = true;
  pass(std::chrono::seconds(1));
  CHECK(mine->now() == standing::owner); // until the lease is over
  directory->down = false;
  pass(std::chrono::seconds(1));
  CHECK(mine->now() == standing::owner);
  CHECK_FALSE(directory->nodes[me].fenced);
}

TEST_CASE_FIXTURE(keeper_house, "a fenced node serves no more and ends with the word for it") {
  const auto me = directory->begin();
  auto keeper = spawn_keeper(me);
  run();
  self->monitor(keeper);
  directory->nodes[me].fenced = true;
  pass(std::chrono::seconds(1));
  CHECK(mine->now() == standing::lease_over);
  std::string why;
  self->receive([&](const caf::down_msg& m) { why = detail_of(m.reason); });
  CHECK(why == fenced_detail);
}

TEST_CASE_FIXTURE(order_house,
                  "the region refuses what the node may not serve, at the moment of use") {
  created("o1");
  auto mine = std::make_shared<lease>();
  auto standing_by = std::make_shared<order_context>(*context);
  standing_by->mine = mine;
  auto door = keep(
      sys.spawn(order_region_behavior, order_context_ptr(standing_by), shard_options{}, &count));
  auto commands = [&] {
    auto paid = fault_of(ask<order_answer>(door, command("o1", order_verb::cancel)));
    CHECK(fault_of(ask<create_answer>(door, draft("o2"))) == paid);
    return paid;
  };
  auto views = [&](const char* id, const char* user) {
    return fault_of(ask<order>(door, view_atom::value, std::string(id), std::string(user)));
  };
  CHECK(commands() == fault::unavailable);
  CHECK(views("o1", "ada") == fault::unavailable);
  mine->extend(monotonic::max());
  CHECK(commands() == fault::not_owner);
  CHECK(views("o1", "ada") == fault::none);
  CHECK(views("o1", "") == fault::none);
  CHECK(views("o1", "eve") == fault::not_found);
  CHECK(views("o9", "") == fault::not_found);
  const auto holds = [&] { return *ask<presence>(door, diagnose_atom::value, std::string("o1")); };
  CHECK(holds() == presence::elsewhere);
  mine->owns_shards(true);
  CHECK(holds() == presence::idle);
  CHECK(fault_of(ask<create_answer>(door, draft("o2"))) == fault::none);
  mine->extend(std::chrono::steady_clock::now()); // nobody had to say that it is over
  CHECK(commands() == fault::unavailable);
}
