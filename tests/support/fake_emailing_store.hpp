#pragma once
// The emailing database in memory, with the real rules (persistence/notice_plan.hpp).
// Single-threaded.

#include "persistence/emailing_store.hpp"
#include "persistence/notice_plan.hpp"
#include "tests/support/fake_journal.hpp"

#include <deque>
#include <memory>
#include <set>
#include <utility>

namespace troupe::test {

class fake_emailing_store : public emailing_store {
public:
  /// Without `ids` notifications are numbered: "n1", "n2", …
  explicit fake_emailing_store(notice_decoder decode, id_source ids = {});

  /// Faults of the calls of `apply` to come, in turn; `lost_*` leaves the store usable.
  std::deque<store_fault> faults;
  /// While true every call throws `wait`.
  bool down = false;

  struct mail {
    email what;
    timestamp due{};
    bool sent = false;
    int tries = 0;
  };
  std::vector<notification> notifications; ///< oldest first
  std::vector<mail> mails;
  notice_view known; ///< users and parked events
  timestamp now = timestamp(std::chrono::seconds(1'700'000'000));

  /// There is a notification of this event.
  bool has_told(const std::string& source, const std::string& event) const {
    return seen_.contains({source, event});
  }

  notice_outcome apply(std::span<const notice> notices) override;
  std::vector<email> due_emails(int limit, std::chrono::milliseconds lease) override;
  void emails_sent(std::span<const std::string> ids) override;
  void emails_failed(std::span<const std::string> ids, std::chrono::milliseconds delay) override;
  std::vector<notification> list(const std::string& user_id, bool only_unread, int limit,
                                 int64_t before) override;
  notification_feed list_after(std::span<const notification_cursor> cursors, int limit) override;
  std::optional<notification> mark_read(const std::string& user_id, const std::string& id) override;
  void ping() override { check(); }

private:
  void check() const;
  notice_outcome write(notice_plan plan);

  notice_decoder decode_;
  id_source ids_;
  std::set<std::pair<std::string, std::string>> seen_; ///< (source, event)
  int64_t last_parked_ = 0;
};

/// One of many sessions on one emailing database.
class emailing_session : public emailing_store {
public:
  explicit emailing_session(std::shared_ptr<fake_emailing_store> db) : db_(std::move(db)) {}
  notice_outcome apply(std::span<const notice> notices) override { return db_->apply(notices); }
  std::vector<email> due_emails(int limit, std::chrono::milliseconds lease) override {
    return db_->due_emails(limit, lease);
  }
  void emails_sent(std::span<const std::string> ids) override { db_->emails_sent(ids); }
  void emails_failed(std::span<const std::string> ids, std::chrono::milliseconds delay) override {
    db_->emails_failed(ids, delay);
  }
  std::vector<notification> list(const std::string& user, bool unread, int limit,
                                 int64_t before) override {
    return db_->list(user, unread, limit, before);
  }
  notification_feed list_after(std::span<const notification_cursor> cursors, int limit) override {
    return db_->list_after(cursors, limit);
  }
  std::optional<notification> mark_read(const std::string& user, const std::string& id) override {
    return db_->mark_read(user, id);
  }
  void ping() override { db_->ping(); }

private:
  std::shared_ptr<fake_emailing_store> db_;
};

} // namespace troupe::test
