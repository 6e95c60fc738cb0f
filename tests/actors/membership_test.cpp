// What a node does with its place among the others: the keeper, and the region that obeys it.

#include "actors/membership_keeper.hpp"
#include "tests/support/fake_membership.hpp"
#include "tests/support/order_house.hpp"

#include <map>

using namespace troupe;
using namespace troupe::test;

namespace {

struct keeper_house : stage {
  /// `in_cluster`: it has a way to other nodes.
  membership_keeper spawn_keeper(int64_t incarnation, bool in_cluster = false) {
    auto session = std::make_unique<fake_membership>(directory, incarnation);
    shards = std::make_shared<shard_directory>(incarnation);
    keeper_parts parts{mine, shards, {sweeper}, region, {}, &count, &board};
    if (in_cluster)
      parts.peers = peers;
    return keep(sys.spawn(membership_keeper_behavior,
                          std::make_shared<std::unique_ptr<membership>>(std::move(session)),
                          std::move(parts)));
  }

  /// The fakes' clock moves with the stage's.
  void pass(std::chrono::milliseconds span) {
    for (; span.count() > 0; span -= std::chrono::milliseconds(100)) {
      directory->now += 0.1;
      stage::pass(std::chrono::milliseconds(100));
    }
  }

  /// Another node's renewal.
  void renew(int64_t incarnation) { fake_membership(directory, incarnation).renew(); }

  peer_orders::behavior_type peer_behaviour() {
    return {
        [](int64_t, view_atom, const std::string&, const std::string&) { return order{}; },
        [](int64_t, const order_request&) { return order_answer{}; },
        [](int64_t, const create_request&) { return create_answer{}; },
        [](int64_t, diagnose_atom, const std::string&) { return presence::elsewhere; },
        [this](peers_atom, const std::vector<cluster_member>& all) { members = all.size(); },
        [this](moved_atom, int64_t to, int32_t, shard_place) { ++told_of_moves[to]; },
    };
  }

  health shards_health() { return board.checks("order").at("shards").state; }

  health_board board;
  std::shared_ptr<fake_directory> directory = std::make_shared<fake_directory>();
  std::shared_ptr<lease> mine = std::make_shared<lease>();
  std::shared_ptr<shard_directory> shards;
  int sweeps = 0;
  size_t members = 0;
  std::map<int64_t, int> told_of_moves; ///< peers
  std::vector<int32_t> left;            ///< by the region
  int moved = 0;                        ///< news that the region got
  bool can_leave = true;
  fence_sweeper sweeper
      = keep(sys.spawn(fence_sweeper_behavior, fence_task{"orders", [this] {
                                                            ++sweeps;
                                                            directory->complete_fences();
                                                          }}));
  shard_keeper region = keep(sys.spawn([this]() -> shard_keeper::behavior_type {
    return {[this](leave_atom, int32_t shard) -> caf::result<bool> {
              left.push_back(shard);
              if (can_leave)
                return true;
              return make_fault(fault::unavailable);
            },
            [this](moved_atom, int32_t, shard_place) { ++moved; }};
  }));
  peer_orders peers
      = keep(sys.spawn([this]() -> peer_orders::behavior_type { return peer_behaviour(); }));
};

} // namespace

TEST_CASE_FIXTURE(keeper_house, "a node alone claims, owns and serves") {
  CHECK(mine->now() == standing::lease_over);
  spawn_keeper(directory->begin());
  run();
  CHECK(mine->now() == standing::owner);
  CHECK(shards_health() == health::up);
  CHECK(count.text().find("troupe_shards_owned 64") != std::string::npos);
  CHECK(shards->take_inherited().size() == 64);
}

TEST_CASE_FIXTURE(
    keeper_house,
    "beside an owner without a gate it stands by, and takes over what its fence frees") {
  const auto owner = directory->begin();
  directory->give_all(owner);
  const auto me = directory->begin();
  spawn_keeper(me);
  run();
  CHECK(mine->now() == standing::standby);
  CHECK(shards_health() == health::down);
  sweeps = 0;
  directory->nodes[owner].fenced = true; // by somebody
  pass(std::chrono::seconds(2));         // seen, then swept, then claimed
  CHECK(sweeps > 0);
  CHECK(directory->owned_by(me) == 64);
  CHECK(mine->now() == standing::owner);
}

TEST_CASE_FIXTURE(keeper_house, "it fences nobody before its own renewals have lasted") {
  const auto lost = directory->begin();
  spawn_keeper(directory->begin());
  directory->nodes[lost].lease_until = -1;
  pass(std::chrono::seconds(1));
  CHECK_FALSE(directory->nodes[lost].fenced);
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
  self->receive([&](const caf::down_msg& m) { why = detail_of(m.reason); },
                caf::after(std::chrono::seconds(0)) >> [] {});
  CHECK(why == fenced_detail);
}

TEST_CASE_FIXTURE(keeper_house, "a renewal is good for a lease from when it was sent, no longer") {
  using clock = std::chrono::steady_clock;
  const auto before = clock::now();
  spawn_keeper(directory->begin());
  run();
  const auto after = clock::now();
  CHECK(mine->at(before + lease_length - clock::duration(1)) == standing::owner);
  CHECK(mine->at(after + lease_length) == standing::lease_over);
  directory->down = true;
  pass(std::chrono::seconds(5));
  CHECK(mine->at(after + lease_length) == standing::lease_over);
}

TEST_CASE_FIXTURE(keeper_house,
                  "a peer is fenced when its lease is over, a lost one after one missed renewal") {
  const auto me = directory->begin("here:1");
  auto keeper = spawn_keeper(me, true);
  const auto dead = directory->begin("there:2"), lost = directory->begin("there:3");
  pass(std::chrono::seconds(4));
  const auto silent_for = [&](int64_t peer, double seconds) {
    directory->nodes[peer].lease_until = directory->now + 3 - seconds;
  };
  silent_for(dead, 2);
  silent_for(lost, 1);
  self->send(keeper, lost_atom::value, lost);
  pass(std::chrono::milliseconds(300));
  CHECK_FALSE(directory->nodes[lost].fenced);
  pass(std::chrono::milliseconds(500));
  CHECK(directory->nodes[lost].fenced);
  CHECK_FALSE(directory->nodes[dead].fenced);
  pass(std::chrono::seconds(1));
  CHECK(directory->nodes[dead].fenced);
}

TEST_CASE_FIXTURE(keeper_house, "a lost peer that goes on renewing is let be, and forgotten") {
  const auto me = directory->begin("here:1");
  auto keeper = spawn_keeper(me, true);
  const auto peer = directory->begin("there:2");
  pass(std::chrono::seconds(4));
  self->send(keeper, lost_atom::value, peer);
  for (int i = 0; i < 30; ++i) {
    renew(peer);
    pass(std::chrono::milliseconds(200));
  }
  directory->nodes[peer].lease_until = directory->now + 0.5;
  pass(std::chrono::milliseconds(300));
  CHECK_FALSE(directory->nodes[peer].fenced);
}

TEST_CASE_FIXTURE(keeper_house, "a node that joins is given its own, one after the other") {
  const auto me = directory->begin("here:1");
  spawn_keeper(me, true);
  run();
  REQUIRE(directory->owned_by(me) == 64);
  const auto third = directory->begin("there:3");
  const auto joined = directory->begin("there:2");
  renew(third);
  renew(joined);
  pass(std::chrono::seconds(2));
  renew(third);
  renew(joined);
  CHECK(members == 3);
  const int theirs = directory->owned_by(joined), thirds = directory->owned_by(third);
  CHECK(theirs > 10);
  CHECK(directory->owned_by(me) + theirs + thirds == 64);
  CHECK(left.size() == static_cast<size_t>(theirs + thirds));
  CHECK(told_of_moves[third] == theirs); // its own it hears of by the region
  CHECK(told_of_moves[joined] == thirds);
  CHECK(shards->owned().size() == static_cast<size_t>(directory->owned_by(me)));
  left.clear();
  pass(std::chrono::seconds(2));
  CHECK(left.empty());
}

TEST_CASE_FIXTURE(keeper_house, "a shard that cannot be let go of stays, and is tried again") {
  const auto me = directory->begin("here:1");
  spawn_keeper(me, true);
  run();
  can_leave = false;
  const auto joined = directory->begin("there:2");
  moved = 0;
  pass(std::chrono::seconds(1));
  CHECK_FALSE(left.empty());
  CHECK(moved == static_cast<int>(left.size())); // the region serves it again
  CHECK(directory->owned_by(me) == 64);
  can_leave = true;
  renew(joined);
  pass(std::chrono::seconds(2));
  CHECK(directory->owned_by(me) < 64);
}

TEST_CASE_FIXTURE(keeper_house, "a node that leaves gives everything away, and waits for it") {
  const auto me = directory->begin("here:1");
  auto keeper = spawn_keeper(me, true);
  run();
  const auto joined = directory->begin("there:2");
  auto gone = send(keeper, leave_atom::value);
  run();
  CHECK(answer_of<bool>(gone));
  CHECK(directory->owned_by(joined) == 64);
  CHECK(directory->owned_by(me) == 0);
}

TEST_CASE_FIXTURE(keeper_house, "the last node leaves at once, with its shards") {
  const auto me = directory->begin("here:1");
  auto keeper = spawn_keeper(me, true);
  run();
  auto gone = send(keeper, leave_atom::value);
  run();
  CHECK(answer_of<bool>(gone));
  CHECK(directory->owned_by(me) == 64);
}

TEST_CASE_FIXTURE(keeper_house,
                  "in a cluster it serves what others own, and is ready when all have owners") {
  const auto joined = directory->begin("there:2");
  directory->give_all(joined);
  const auto me = directory->begin("here:1");
  spawn_keeper(me, true);
  run();
  CHECK(mine->now() == standing::owner);
  CHECK(shards_health() == health::up);
  directory->nodes[joined].lease_until = directory->now - 1;
  pass(std::chrono::seconds(1));
  CHECK(shards_health() == health::down);
}
TEST_CASE_FIXTURE(order_house,
                  "the region refuses what the node may not serve, at the moment of use") {
  created("o1");
  auto mine = std::make_shared<lease>();
  auto standing_by = std::make_shared<order_context>(*context);
  standing_by->mine = mine;
  auto door = keep(sys.spawn(order_region_behavior, order_context_ptr(standing_by), shard_options{},
                             region_options{}, &count));
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
