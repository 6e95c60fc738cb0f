#pragma once
// Sends one e-mail. Blocking: only detached actors call it. At least once: a receiver tells repeats
// by the Message-ID.

#include <memory>
#include <string>

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
  /// Throws `std::runtime_error` when it could not be handed over; try again later.
  virtual void send(const mail& what) = 0;
};

/// Writes each e-mail as a file `<message_id>.eml` into `folder` (made if missing): whole or not at
/// all, a repeat replaces the same file.
std::unique_ptr<mail_transport> make_spool_transport(std::string folder, std::string from);

} // namespace troupe
