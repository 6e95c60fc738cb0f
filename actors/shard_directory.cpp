#include "actors/shard_directory.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

std::shared_ptr<shard_directory> shard_directory::alone() {
  auto made = std::make_shared<shard_directory>(1);
  for (int32_t shard = 0; shard < shard_count; ++shard)
    made->learn(shard, {1, 1});
  made->inherit(made->owned());
  return made;
}

shard_place shard_directory::of(int32_t shard) const {
  std::lock_guard guard(lock_);
  return places_.at(static_cast<size_t>(shard));
}

std::array<shard_place, shard_count> shard_directory::all() const {
  std::lock_guard guard(lock_);
  return places_;
}

std::vector<int32_t> shard_directory::owned() const {
  std::lock_guard guard(lock_);
  std::vector<int32_t> mine;
  for (int32_t shard = 0; shard < shard_count; ++shard)
    if (places_.at(static_cast<size_t>(shard)).owner == me_)
      mine.push_back(shard);
  return mine;
}

bool shard_directory::learn(int32_t shard, shard_place now) {
  std::lock_guard guard(lock_);
  auto& known = places_.at(static_cast<size_t>(shard));
  if (now.epoch < known.epoch || now == known)
    return false;
  known = now;
  return true;
}

void shard_directory::inherit(const std::vector<int32_t>& shards) {
  std::lock_guard guard(lock_);
  inherited_.insert(inherited_.end(), shards.begin(), shards.end());
}

std::vector<int32_t> shard_directory::take_inherited() {
  std::lock_guard guard(lock_);
  return std::exchange(inherited_, {});
}

id_source ids_born_here(std::shared_ptr<const shard_directory> shards, id_source any) {
  constexpr int most_tries = 4 * shard_count; // whoever owns one shard hits it 98 times of 100
  return [shards = std::move(shards), any = std::move(any)] {
    const auto mine = shards->owned();
    auto id = any();
    for (int tries = 1; !mine.empty() && tries < most_tries; ++tries) {
      if (std::ranges::binary_search(mine, shard_of(id)))
        break;
      id = any();
    }
    return id;
  };
}

} // namespace troupe
