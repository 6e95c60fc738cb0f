#pragma once
// The publishing side of one journal: what was committed goes to the publisher in order, what has
// been delivered moves the stream's watermark, and what was forgotten under pressure or left by an
// ended session is read from the journal again. Lives inside the (detached) actor that owns the
// journal's session, and is as blocking as its `stream_log`.
// Source: "Publishing" in docs/protocols.md.

#include "actors/interfaces.hpp"
#include "persistence/stream_log.hpp"

#include <deque>
#include <map>

namespace troupe {

struct outbox_limits {
  size_t events = 100'000;     ///< unpublished in memory; past it the stream forgets
  size_t bytes = 64ULL << 20U; ///< likewise
  int page = 500;              ///< journal rows read at once
};

class outbox {
public:
  /// Sends `publication`s to whom it may concern, with the owner filled in.
  using sender = std::function<void(publication)>;

  outbox(stream_log& log, outbox_owner owner, sender send, outbox_limits limits = {});

  /// New rows of the present stream, in position order, right after their commit.
  void committed(std::vector<outgoing_event> events);
  /// Rows whose event has a delivery report; a row with several events is told as often.
  void delivered(const std::vector<position>& rows);
  /// Publishes events that were published before: nobody counts them.
  void again(std::vector<outgoing_event> events);

  /// Takes over streams that nobody writes any more. Throws `store_error`.
  void adopt_orphans();
  /// Moves watermarks, reads what is to be read again, ends drained streams. Throws `store_error`.
  void tick();
  /// Something waits for the next tick.
  bool dirty() const;
  /// Nothing of this outbox is on its way, and every watermark is written.
  bool idle() const;

private:
  struct row {
    position at = 0;
    int32_t outstanding = 0; ///< events without a report
  };

  struct window {
    std::deque<row> rows; ///< sent and not fully delivered, in order
    position passed = 0;  ///< every event up to here is delivered
    position written = 0; ///< the watermark as stored
    position sent = 0;    ///< the last row handed to the publisher
    bool reading = false; ///< forgotten or orphaned: `sent` and up come from the journal
    bool orphan = false;  ///< nobody writes it any more
    bool at_end = true;   ///< reading: nothing is left to read
  };

  window& present();
  void send_rows(window& w, std::vector<outgoing_event> events);
  void read_on(int64_t stream, window& w);
  void pass(window& w);

  stream_log& log_;
  outbox_owner owner_;
  sender send_;
  outbox_limits limits_;
  std::map<int64_t, window> windows_;
  std::map<position, size_t> sizes_; ///< bytes of rows on their way
  size_t events_ = 0, bytes_ = 0;    ///< on their way, over all streams
};

} // namespace troupe
