#pragma once

namespace troupe {

/// Raises this process's limit of open files to what it is allowed: each connection is one, and
/// shells and services start with 1024.
void raise_file_limit();

} // namespace troupe
