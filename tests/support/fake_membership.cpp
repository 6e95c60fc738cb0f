#include "tests/support/fake_membership.hpp"

#include "domain/membership.hpp"
#include "persistence/store_error.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::test {

int64_t fake_directory::begin(const std::string& address, std::string name) {
  const auto incarnation = static_cast<int64_t>(nodes.size()) + 1;
  if (name.empty())
    name = "node-" + std::to_string(incarnation);
  int starts = 0;
  for (auto& [earlier, n] : nodes)
    if (n.name == name) {
      n.fenced = true;
      n.open = false;
      starts += n.started_at > now - 60 ? 1 : 0;
    }
  auto& made = nodes[incarnation];
  made.name = std::move(name);
  made.started_at = now;
  made.joins_at = now + (starts == 0 ? 0 : std::exp2(std::min(starts, 5)));
  made.address = address;
  made.lease_until = now + 30;
  return incarnation;
}

void fake_directory::complete_fences() {
  for (auto& [incarnation, n] : nodes)
    if (n.fenced)
      n.open = false;
}

int fake_directory::owned_by(int64_t incarnation) const {
  return static_cast<int>(std::ranges::count(shards, incarnation, &shard_place::owner));
}

bool fake_directory::free(int32_t shard) const {
  const auto owner = shards.at(static_cast<size_t>(shard)).owner;
  return owner == 0 || (nodes.at(owner).fenced && !nodes.at(owner).open);
}

void fake_directory::give_all(int64_t owner) {
  for (auto& place : shards)
    place = {owner, place.epoch + 1};
}

void fake_membership::check() const {
  if (db_->down)
    throw store_error(store_failure::wait, "the directory is away");
}

membership_view fake_membership::renew() {
  check();
  auto& me = db_->nodes[me_];
  membership_view seen;
  seen.fenced = me.fenced;
  if (!me.fenced)
    me.lease_until = db_->now + static_cast<double>(lease_length.count());
  for (const auto& [incarnation, n] : db_->nodes) {
    if (n.fenced)
      ++seen.fences;
    else
      seen.cluster.members.push_back({incarnation, n.name, n.address, n.protocol,
                                      n.lease_until >= db_->now, n.joins_at <= db_->now,
                                      n.leaving});
    seen.unfinished = seen.unfinished || (n.fenced && n.open);
  }
  for (int32_t shard = 0; shard < shard_count; ++shard)
    seen.cluster.shards.at(static_cast<size_t>(shard))
        = {db_->shards.at(static_cast<size_t>(shard)), db_->free(shard)};
  return seen;
}

bool fake_membership::fence(int64_t incarnation, std::chrono::milliseconds silence) {
  check();
  auto& n = db_->nodes[incarnation];
  const double left = std::chrono::duration<double>(lease_length - silence).count();
  if (n.fenced || n.lease_until >= db_->now + left)
    return false;
  return n.fenced = true;
}

std::vector<membership::claimed> fake_membership::claim(std::span<const int32_t> shards) {
  check();
  std::vector<claimed> taken;
  if (db_->nodes[me_].fenced)
    return taken;
  for (const auto shard : shards)
    if (db_->free(shard)) {
      auto& place = db_->shards.at(static_cast<size_t>(shard));
      place = {me_, place.epoch + 1};
      taken.push_back({shard, place.epoch});
    }
  return taken;
}

std::optional<int64_t> fake_membership::give(const shard_move& move) {
  check();
  auto& place = db_->shards.at(static_cast<size_t>(move.shard));
  const auto to = db_->nodes.find(move.to);
  if (place.owner != me_ || to == db_->nodes.end() || to->second.fenced)
    return std::nullopt;
  place = {move.to, place.epoch + 1};
  return place.epoch;
}

void fake_membership::leave() {
  check();
  db_->nodes[me_].leaving = true;
}

} // namespace troupe::test
