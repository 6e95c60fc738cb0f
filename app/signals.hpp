#pragma once
// SIGINT and SIGTERM as values: blocked before any thread starts, then waited for.

#include <chrono>
#include <csignal>
#include <optional>

namespace troupe {

/// Blocks the ending signals in this thread and all that it starts. Call first in main. Also
/// ignores SIGPIPE.
void block_ending_signals();

/// The ending signal that came within `limit`; none: the time is over.
std::optional<int> await_ending_signal(std::chrono::milliseconds limit);

} // namespace troupe
