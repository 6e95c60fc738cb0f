// Seeded histories of a cluster in virtual time: nodes join, die, freeze, come back and leave, and
// the database goes away. Each node decides on its own, by the functions of domain/, from its own
// view of the fake directory, which one contract test holds to the real one.

#include "domain/membership.hpp"
#include "persistence/store_error.hpp"
#include "tests/support/fake_membership.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <random>
#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr double step = 0.1;

struct process {
  std::string name;
  int64_t incarnation = 0;
  tenure mine{};
  std::array<shard_place, shard_count> known{}; ///< its directory
  std::set<int64_t> lost{};                     ///< peers whose connection broke
  double next_tick = 0;
  double frozen_until = 0;
  bool leaves = false;
};

class cluster_history {
public:
  explicit cluster_history(uint64_t seed) : random_(seed) {
    for (int i = 0; i < 3; ++i)
      start("node-" + std::to_string(i));
  }

  void live(double seconds, bool troubled) {
    for (const double end = db_->now + seconds; db_->now < end; db_->now += step) {
      if (troubled && chance(step / 3))
        trouble();
      db_->down = db_->now < away_until_;
      for (auto& p : processes_)
        if (!frozen(p) && db_->now >= p.next_tick)
          tick(p);
      if (chance(0.1)) // the sweepers
        db_->complete_fences();
      std::erase_if(processes_, [](const process& p) { return p.incarnation == 0; });
      check_owners();
    }
  }

  /// Everybody awake, nothing in doubt: each shard is with whose it is by right.
  bool settled() const {
    const auto seen = fake_membership(db_, processes_.front().incarnation).renew().cluster;
    const auto among = candidates(seen.members);
    for (int32_t shard = 0; shard < shard_count; ++shard) {
      const auto owner = seen.shards.at(static_cast<size_t>(shard)).at.owner;
      if (owner == 0 || owner != rightful_owner(shard, among))
        return false;
    }
    return true;
  }

  int moves() const { return moves_; }
  bool two_owners() const { return two_owners_; }

private:
  bool chance(double p) { return std::uniform_real_distribution<>()(random_) < p; }
  int64_t living() const {
    return std::ranges::count_if(processes_, [](const process& p) { return p.incarnation != 0; });
  }
  int pick(int count) { return std::uniform_int_distribution<>(0, count - 1)(random_); }
  bool frozen(const process& p) const { return db_->now < p.frozen_until; }
  monotonic now() const {
    return monotonic(std::chrono::milliseconds(static_cast<int64_t>(db_->now * 1000) + 100'000));
  }

  void start(const std::string& name) {
    process p{name, db_->begin("address of " + name, name)};
    p.next_tick = db_->now + step * pick(10);
    processes_.push_back(p);
  }

  void end(process& p) {
    for (auto& other : processes_)
      other.lost.insert(p.incarnation);
    p.incarnation = 0;
  }

  void trouble() {
    auto& p = *std::next(processes_.begin(), pick(static_cast<int>(processes_.size())));
    switch (pick(6)) {
      case 0:
        if (living() > 1)
          end(p); // killed: its streams stay open for whoever looks, until it is fenced
        break;
      case 1:
        p.frozen_until = db_->now + 12 * std::uniform_real_distribution<>()(random_);
        break;
      case 2:
        p.leaves = p.leaves || living() > 1;
        break;
      case 3:
        away_until_ = db_->now + pick(6);
        break;
      default: {
        const auto name = "node-" + std::to_string(pick(5));
        if (!db_->down && std::ranges::count(processes_, name, &process::name) == 0)
          start(name);
      }
    }
  }

  void tick(process& p) {
    p.next_tick = db_->now + (p.lost.empty() ? 1 : 0.2);
    fake_membership session(db_, p.incarnation);
    try {
      const auto seen = session.renew();
      if (seen.fenced) {
        const auto name = p.name;
        end(p);
        return start(name);
      }
      p.mine.renewed(now());
      decide(p, session, seen.cluster);
    } catch (const store_error&) {
      p.mine.missed();
    }
  }

  void decide(process& p, fake_membership& session, const cluster_view& seen) {
    for (int32_t shard = 0; shard < shard_count; ++shard)
      learn(p, shard, seen.shards.at(static_cast<size_t>(shard)).at);
    if (p.mine.may_fence(now()))
      for (const auto& s : suspects(seen, p.incarnation, p.lost))
        session.fence(s.incarnation, s.silence);
    std::erase_if(p.lost, [&](int64_t peer) {
      return std::ranges::count(seen.members, peer, &cluster_member::incarnation) == 0;
    });
    const auto plan = plan_shards(seen, p.incarnation);
    for (const auto& [shard, epoch] : session.claim(plan.claim))
      learn(p, shard, {p.incarnation, epoch});
    for (const auto& move : plan.give)
      if (const auto epoch = session.give(move)) {
        learn(p, move.shard, {move.to, *epoch});
        ++moves_;
      }
    if (p.leaves)
      leave(p, session);
  }

  /// Ends when it owns nothing any more, or when there is nobody to give it to.
  void leave(process& p, fake_membership& session) {
    session.leave();
    const bool last = std::ranges::all_of(
        processes_, [](const process& each) { return each.leaves || each.incarnation == 0; });
    if (db_->owned_by(p.incarnation) > 0 && !last)
      return;
    db_->nodes[p.incarnation].fenced = true;
    end(p);
    if (last)
      start(p.name);
  }

  static void learn(process& p, int32_t shard, shard_place place) {
    auto& known = p.known.at(static_cast<size_t>(shard));
    if (place.epoch > known.epoch)
      known = place;
  }

  /// A frozen process may have a batch on its way, whatever its lease says when it wakes.
  bool may_commit(const process& p, size_t shard) const {
    return p.known.at(shard).owner == p.incarnation && db_->nodes.at(p.incarnation).open
           && (frozen(p) || now() < p.mine.serves_until());
  }

  void check_owners() {
    for (size_t shard = 0; shard < shard_count; ++shard)
      two_owners_ = two_owners_ || std::ranges::count_if(processes_, [&](const process& p) {
                                     return may_commit(p, shard);
                                   }) > 1;
  }

  std::mt19937_64 random_;
  std::shared_ptr<fake_directory> db_ = std::make_shared<fake_directory>();
  std::list<process> processes_; ///< grows while it is walked
  double away_until_ = 0;
  int moves_ = 0;
  bool two_owners_ = false;
};

#ifdef __SANITIZE_ADDRESS__
constexpr uint64_t histories = 50; // each takes some thirty times as long
#else
constexpr uint64_t histories = 1000;
#endif

} // namespace

TEST_CASE("whatever happens to nodes, two never commit for one shard, and all are owned again") {
  const auto first = std::random_device{}();
  for (uint64_t seed = first; seed < first + histories; ++seed) {
    INFO("seed ", seed);
    cluster_history h(seed);
    h.live(60, true);
    h.live(45, false); // frozen ones wake, leases end, the longest wait before joining passes
    REQUIRE_FALSE(h.two_owners());
    REQUIRE(h.settled());
    const int before = h.moves();
    h.live(10, false);
    REQUIRE(h.moves() == before);
  }
}
