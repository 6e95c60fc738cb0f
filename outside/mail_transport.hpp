#pragma once
// Sends e-mails, many at once. Blocking: only detached actors call it. At least once: a receiver
// tells repeats by the Message-ID.

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troupe {

struct mail {
  std::string message_id; ///< without the angle brackets
  std::string to;
  std::string subject; ///< any text; the transport encodes it
  std::string body;    ///< plain text, UTF-8
};

class mail_transport {
public:
  virtual ~mail_transport() = default;
  /// Of each, in their order, why it could not be handed over; empty: it was, and durably. What was
  /// not may be tried again later.
  virtual std::vector<std::string> send(std::span<const mail> all) = 0;
};

/// Writes each e-mail as a file `<message_id>.eml` into `folder` (made if missing): whole or not at
/// all, a repeat replaces the same file. All of a call are flushed to the disk together, with what
/// else the file system holds.
std::unique_ptr<mail_transport> make_spool_transport(std::string folder, std::string from);

} // namespace troupe
