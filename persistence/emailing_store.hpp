#pragma once
// Notifications and e-mails of the emailing service: one each for every event, by the event's
// source and id. Blocking: only detached actors call it.

#include "domain/event.hpp"
#include "persistence/store_error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe {

struct notification {
  std::string id;
  std::string user_id;
  std::string type; ///< ORDER, PAYMENT or DISPATCH
  std::string title, message;
  std::string order_id; ///< empty: none
  bool is_read = false;
  timestamp created_at{};
  int64_t seq = 0; ///< its place: rises with each, and a user's are committed in its order
};

/// From where on somebody reads a user's notifications.
struct notification_cursor {
  std::string user_id;
  int64_t after = 0; ///< `seq`
};
/// What follows each cursor, oldest first.
using notification_feed = std::vector<std::vector<notification>>;

/// A consumed event, decoded: what to tell whom. `user_id` is empty when only order-created knows
/// it; the store then looks it up by `order_id`, or parks the event until it is known.
struct notice {
  notification what;
  incoming_event origin;
  bool tells_user = false; ///< order-created: remember (order_id → user_id), drain the parked
};

/// How the parked events of an order become notices once its user is known.
using notice_decoder = std::optional<notice> (*)(const incoming_event&);

struct email {
  std::string id; ///< of the notification: the stem of the Message-ID
  std::string user_id;
  std::string subject, body;
};

struct notice_outcome {
  std::vector<notification> added; ///< the notifications that are new, in the notices' order
  struct rejection {
    size_t index = 0; ///< into the notices
    std::string error;
  };
  std::vector<rejection> rejected; ///< bad in themselves: dead letters
};

class emailing_store {
public:
  virtual ~emailing_store() = default;

  /// Writes notifications, e-mails, known users and parked events in one transaction. A notice
  /// whose event was seen before changes nothing; one that is bad in itself does not harm the
  /// others. Throws `lost` or `wait`; repeating a call is safe. Reconnects by itself.
  virtual notice_outcome apply(std::span<const notice> notices) = 0;

  /// E-mails to be sent, each claimed for `lease`.
  virtual std::vector<email> due_emails(int limit, std::chrono::milliseconds lease) = 0;
  virtual void emails_sent(std::span<const std::string> ids) = 0;
  virtual void emails_failed(std::span<const std::string> ids, std::chrono::milliseconds delay) = 0;

  /// Newest first; only those whose `seq` is below `before`.
  virtual std::vector<notification> list(const std::string& user_id, bool only_unread, int limit,
                                         int64_t before = INT64_MAX)
      = 0;
  /// At most `limit` for each cursor.
  virtual notification_feed list_after(std::span<const notification_cursor> cursors, int limit) = 0;
  /// The notification, now read; nothing when it is not that user's.
  virtual std::optional<notification> mark_read(const std::string& user_id, const std::string& id)
      = 0;
  virtual void ping() = 0;
};

std::unique_ptr<emailing_store> make_emailing_store(std::string conninfo, notice_decoder decode);

} // namespace troupe
