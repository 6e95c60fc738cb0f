#pragma once
// The owner's edits of products as transactions of an inventory session. Internal to persistence/.

#include "persistence/product_edit.hpp"
#include "persistence/stream_session.hpp"

namespace troupe::pg {

/// One transaction. A key older than `key_life` is free again. Throws an error that is
/// `contended()` when somebody held the row too long.
edited_product write_edit(stream_session& session, const product_edit& e, int64_t low_stock,
                          std::chrono::seconds key_life);

} // namespace troupe::pg
