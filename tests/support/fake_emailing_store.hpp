#pragma once
// The emailing database in memory, with the real rules (persistence/notice_plan.hpp).
// Single-threaded.

#include "persistence/emailing_store.hpp"
#include "persistence/notice_plan.hpp"
#include "tests/support/fake_journal.hpp"

#include <deque>
#include <set>
#include <utility>

namespace troupe::test {

class fake_emailing_store : public emailing_store {
public:
  /// Without `ids` notifications are numbered: "n1", "n2", …
  explicit fake_emailing_store(notice_decoder decode, id_source ids = {});

  /// Faults of the calls of `apply` to come, in turn; `lost_*` leaves the store usable.
  std::deque<fault> faults;
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

} // namespace troupe::test
