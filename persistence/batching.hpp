#pragma once
// How a batch meets errors. Internal to persistence/. Source: "Group commit" in docs/protocols.md.
//
// `write(first, last)` writes the items [first, last) as one transaction or throws pg::error;
// `reject(index, error)` says that this item cannot be written. Whatever is neither bad data nor
// contention is the caller's: it leaves as it came, and items before it may have been written.

#include "persistence/pg_error.hpp"

#include <cstddef>
#include <optional>

namespace troupe::pg {

/// Splits by halves what fails for bad data (22xxx, 23xxx), so that a bad item fails alone.
template <class Write, class Reject>
void write_halving(std::size_t first, std::size_t last, Write& write, Reject& reject) {
  if (first == last)
    return;
  try {
    write(first, last);
    return;
  } catch (const error& e) {
    if (!e.bad_data())
      throw;
    if (last - first == 1) {
      reject(first, e);
      return;
    }
  }
  const auto middle = first + (last - first) / 2;
  write_halving(first, middle, write, reject);
  write_halving(middle, last, write, reject);
}

/// `write_halving` over [0, count). What meets contention (40P01, 55P03) is tried once more as it
/// is, then item by item; `blocked(index)` says that an item meets it even alone.
template <class Write, class Reject, class Blocked>
void write_batch(std::size_t count, Write write, Reject reject, Blocked blocked) {
  auto contended = [&](std::size_t first, std::size_t last) {
    try {
      write_halving(first, last, write, reject);
      return false;
    } catch (const error& e) {
      if (!e.contended())
        throw;
    }
    return true;
  };
  // Contention in the middle of a halving leaves earlier halves written: remember how far it was.
  std::size_t done = 0;
  auto tracked = [&](std::size_t first, std::size_t last) {
    write(first, last);
    done = last;
  };
  auto noted = [&](std::size_t index, const error& e) {
    reject(index, e);
    done = index + 1;
  };
  for (int round = 0; round < 2; ++round) {
    try {
      write_halving(done, count, tracked, noted);
      return;
    } catch (const error& e) {
      if (!e.contended())
        throw;
    }
  }
  for (; done < count; ++done)
    if (contended(done, done + 1))
      blocked(done);
}

} // namespace troupe::pg
