#pragma once
// The group-commit batch of the orders service as statements. Internal to persistence/.
// Source: "Group commit" in docs/protocols.md.

#include "persistence/order_store.hpp"
#include "persistence/pg.hpp"

#include <span>
#include <vector>

namespace troupe {

/// The statements that write `sets` as one transaction: first the batch, then, when a creation has
/// a key, what the keys of all creations were used for. `positions`: one a set, used by those that
/// advance. A key older than `key_life` is free again. Throws pg::error 22021 when a text cannot be
/// stored.
std::vector<pg::statement> batch_statements(std::span<const write_set> sets,
                                            std::span<const position> positions,
                                            const id_source& ids, std::chrono::seconds key_life);

/// The results of those statements, in the sets' order.
std::vector<commit_result> batch_results(std::span<const write_set> sets,
                                         std::span<const position> positions,
                                         std::span<const pg::result> answers);

} // namespace troupe
