#pragma once
// SIGINT and SIGTERM as values: blocked before any thread starts, then waited for. The process can
// wake its own waiting with SIGUSR1.

#include <chrono>
#include <csignal>
#include <optional>

namespace troupe {

/// Blocks the ending signals in this thread and all that it starts. Call first in main. Also
/// ignores SIGPIPE.
void block_ending_signals();

/// The ending signal that came within `limit`; none: the time is over, or somebody called `wake`.
std::optional<int> await_ending_signal(std::chrono::milliseconds limit);

/// Ends the present or the next waiting. From any thread.
void wake_waiting();

} // namespace troupe
