#include "domain/cluster.hpp"

#include "domain/membership.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// FNV-1a (64 bit) of the name, then the finisher of splitmix64 over it and the shard. All nodes
/// must agree on it: a change of it is a change of `cluster_protocol`.
uint64_t weight(int32_t shard, const std::string& name) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  hash += 0x9e3779b97f4a7c15ULL * (static_cast<uint64_t>(shard) + 1);
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31U);
}

} // namespace

std::vector<cluster_member> candidates(const std::vector<cluster_member>& members) {
  std::vector<cluster_member> all;
  for (const auto& m : members)
    if (m.lives && !m.leaving)
      all.push_back(m);
  const auto first = std::ranges::min_element(all, {}, &cluster_member::incarnation);
  if (first == all.end())
    return all;
  if (first->address.empty())
    return {*first};
  std::erase_if(all, [protocol = first->protocol](const cluster_member& m) {
    return m.protocol != protocol || m.address.empty();
  });
  if (std::ranges::any_of(all, &cluster_member::joined))
    std::erase_if(all, [](const auto& m) { return !m.joined; });
  return all;
}

int64_t rightful_owner(int32_t shard, const std::vector<cluster_member>& among) {
  const auto best = std::ranges::max_element(among, {}, [shard](const cluster_member& m) {
    return std::pair(weight(shard, m.name), m.incarnation);
  });
  return best == among.end() ? 0 : best->incarnation;
}

shard_plan plan_shards(const cluster_view& seen, int64_t me) {
  const auto among = candidates(seen.members);
  const bool shares = std::ranges::any_of(seen.members, [me](const cluster_member& m) {
    return m.incarnation == me && !m.address.empty();
  });
  shard_plan plan;
  for (int32_t shard = 0; shard < shard_count; ++shard) {
    const auto& s = seen.shards.at(static_cast<size_t>(shard));
    const auto right = rightful_owner(shard, among);
    if (s.free && right == me)
      plan.claim.push_back(shard);
    else if (shares && s.at.owner == me && right != me && right != 0)
      plan.give.push_back({shard, right});
  }
  return plan;
}

std::vector<suspect> suspects(const cluster_view& seen, int64_t me, const std::set<int64_t>& lost) {
  constexpr std::chrono::milliseconds one_renewal_missed{1500};
  std::vector<suspect> all;
  for (const auto& m : seen.members)
    if (m.incarnation == me)
      continue;
    else if (!m.lives)
      all.push_back({m.incarnation, lease_length});
    else if (lost.contains(m.incarnation))
      all.push_back({m.incarnation, one_renewal_missed});
  return all;
}

} // namespace troupe
