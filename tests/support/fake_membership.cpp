#include "tests/support/fake_membership.hpp"

#include "domain/ids.hpp"
#include "domain/membership.hpp"
#include "persistence/store_error.hpp"

#include <algorithm>

namespace troupe::test {

int64_t fake_directory::begin() {
  const auto incarnation = static_cast<int64_t>(nodes.size()) + 1;
  nodes[incarnation].lease_until = now + 30;
  return incarnation;
}

void fake_directory::complete_fences() {
  for (auto& [incarnation, n] : nodes)
    if (n.fenced)
      n.open = false;
}

void fake_membership::check() const {
  if (db_->down)
    throw store_error(store_failure::wait, "the directory is away");
}

bool fake_membership::free() const {
  return db_->owner == 0 || (db_->nodes[db_->owner].fenced && !db_->nodes[db_->owner].open);
}

membership_view fake_membership::renew() {
  check();
  auto& me = db_->nodes[me_];
  membership_view seen;
  seen.fenced = me.fenced;
  if (!me.fenced)
    me.lease_until = db_->now + static_cast<double>(lease_length.count());
  seen.shards_owned = db_->owner == me_ ? shard_count : 0;
  seen.shards_free = free() ? shard_count : 0;
  for (const auto& [incarnation, n] : db_->nodes) {
    if (n.fenced)
      ++seen.fences;
    seen.unfinished = seen.unfinished || (n.fenced && n.open);
    if (incarnation != me_ && !n.fenced && n.lease_until < db_->now)
      seen.expired.push_back(incarnation);
  }
  return seen;
}

bool fake_membership::fence(int64_t incarnation) {
  check();
  auto& n = db_->nodes[incarnation];
  if (n.fenced || n.lease_until >= db_->now)
    return false;
  return n.fenced = true;
}

int fake_membership::claim() {
  check();
  if (free() && !db_->nodes[me_].fenced)
    db_->owner = me_;
  return db_->owner == me_ ? shard_count : 0;
}

} // namespace troupe::test
