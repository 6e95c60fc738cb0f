#pragma once
// Secrets that stand in files of their own, as container platforms hand them over: next to each
// secret key there is one that ends in `_file`.

#include "app/config.hpp"

#include <string>
#include <vector>

namespace troupe {

/// Fills each secret of `c` whose `_file` key names a file with that file's text, without one line
/// end. Returns what is wrong, each with its key: both given; unreadable, empty, over 64 KiB, or
/// holding a NUL. No message holds a secret.
std::vector<std::string> read_secret_files(config& c);

} // namespace troupe
