#pragma once
// One service's journal table seen as an outbox: streams, their watermarks, and the events above
// them. Every store that writes a journal has one, on the same session as its writes.
// Source: "Streams and fencing" and "Publishing" in docs/protocols.md.

#include "domain/event.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// A page of a stream's events, in position order. `last` is the last position that was looked at
/// (rows without events included); `end`: nothing was committed above it when it was read.
struct event_page {
  std::vector<outgoing_event> events;
  position last = 0;
  bool end = true;
};

class stream_log {
public:
  virtual ~stream_log() = default;

  /// The stream that the present session writes. Changes with every reconnect, never comes back.
  virtual int64_t stream() const = 0;

  /// Streams that nobody writes any more and that are not drained: those of fenced incarnations,
  /// and the earlier sessions' of this very store.
  virtual std::vector<int64_t> orphans() = 0;

  /// Makes certain that nothing will ever be committed in `stream` again: ends the session that
  /// holds its lock, if any, and takes the lock. False: another node is draining it.
  virtual bool take(int64_t stream) = 0;

  /// Up to where every event of `stream` has a delivery report.
  virtual position watermark(int64_t stream) = 0;
  /// Moves the watermark up; never down.
  virtual void advance(int64_t stream, position to) = 0;

  /// Events of `stream` above `after`, at most `rows` journal rows.
  virtual event_page read(int64_t stream, position after, int rows) = 0;

  /// Everything of a taken stream is delivered: nobody needs to look at it again.
  virtual void mark_drained(int64_t stream) = 0;
};

} // namespace troupe
