#pragma once
// The files below persistence/migrations, as the build compiled them in. Internal to persistence/.

#include <span>
#include <string_view>

namespace troupe {

struct migration_file {
  std::string_view name; ///< "orders/001_orders.sql"
  std::string_view sql;
};

/// All folders' files, sorted by name.
std::span<const migration_file> migration_files();

} // namespace troupe
