#pragma once
// What the tests of recorders and of what is made of them record.

#include "sim/recorder.hpp"

#include <chrono>

namespace troupe::sim::test {

inline constexpr recorder::time_point start{std::chrono::seconds(1000)};

/// One call that was wanted at `at`, counted from the start, and took `latency`.
inline void one(recorder& seen, call what, outcome how, recorder::clock::duration at,
                recorder::clock::duration latency) {
  seen.begin(what);
  seen.end(what, how, start + at, start + at + latency);
}

} // namespace troupe::sim::test
