#pragma once
// How a batch meets errors. Internal to persistence/. Source: "Group commit" in docs/protocols.md.
//
// `write(first, last)` writes the items [first, last) as one transaction or throws pg::error;
// `reject(index, error)` says that this item cannot be written. Whatever is neither bad data nor
// contention is the caller's: it leaves as it came, and items before it may have been written.

#include "persistence/pg_error.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <vector>

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

/// `write_halving` where `part(inputs)` gives a result each: all results, in place. After a throw
/// `results` has those of the parts that were written before it.
template <class Result, class Input, class Part, class Reject>
void write_parts(std::span<const Input> inputs, std::vector<Result>& results, Part part,
                 Reject reject) {
  results.resize(inputs.size());
  auto write = [&](std::size_t first, std::size_t last) {
    auto some = part(inputs.subspan(first, last - first));
    std::ranges::move(some, results.begin() + static_cast<std::ptrdiff_t>(first));
  };
  write_halving(0, inputs.size(), write, reject);
}

/// Parts of a batch were committed before it failed: their events are told by the next call, or the
/// watermark would pass over them.
template <class Event>
class unreported {
public:
  void keep(Event e) { events_.push_back(std::move(e)); }
  /// The session has a new stream: the old one is read from its journal.
  void forget() { events_.clear(); }
  /// Puts them before what is told anyway.
  void hand_over(std::vector<Event>& told) {
    told.insert(told.begin(), std::make_move_iterator(events_.begin()),
                std::make_move_iterator(events_.end()));
    events_.clear();
  }

private:
  std::vector<Event> events_;
};

} // namespace troupe::pg
