#pragma once
// Identifiers: their shapes, how new ones are made, and the shard an order id falls into.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace troupe {

/// Gives a fresh id each time: `c` and 24 characters of 0-9a-z. A seam for tests and simulation.
using id_source = std::function<std::string()>;

/// An id source on the operating system's randomness. Callable from any thread.
id_source random_ids();

/// Any id that a client may send: 1 to 64 characters of [A-Za-z0-9_-].
bool valid_id(std::string_view id);

constexpr int shard_count = 64;

/// The shard of an order: FNV-1a (32 bit) of its id, modulo `shard_count`. Stored in
/// `orders.shard`, so the function never changes.
int shard_of(std::string_view order_id);

/// A place in a journal: the stream in the upper 24 bits, a counter in the lower 39. It is the
/// step's id, the stem of its events' ids, and the proof that it was committed.
using position = int64_t;
constexpr int counter_bits = 39;
constexpr position make_position(int64_t stream, int64_t counter) {
  return (stream << counter_bits) | counter;
}
constexpr int64_t stream_of(position at) {
  return at >> counter_bits;
}

} // namespace troupe
