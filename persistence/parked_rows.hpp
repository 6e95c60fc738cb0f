#pragma once
// Parked events inside a store's own transaction: read, add, remove, beside what they wait for.
// Internal to persistence/. The sweep's way to the same rows is inbox.hpp.
// Source: "Parking without losing the wake-up" in docs/protocols.md.

#include "persistence/inbox.hpp"
#include "persistence/pg.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::pg {

/// Headers of a foreign record may be any bytes; what is no printable ASCII is of no use to anybody
/// and would fail the whole statement. Both ways into parked_events write the same.
std::string printable(std::string_view bytes);

/// What waits beside these orders; `parked_by_order` reads its result: oldest first.
statement read_parked(const std::vector<std::string>& order_ids);
std::map<std::string, std::vector<parked_event>> parked_by_order(const result& rows);

/// Adds events, once by (source, id).
statement add_parked(const std::vector<parked_event>& events);
statement remove_parked(const std::vector<int64_t>& ids);

} // namespace troupe::pg
