#include "tests/support/fake_emailing_store.hpp"

#include <algorithm>
#include <memory>

namespace troupe::test {

namespace {

id_source numbered() {
  auto last = std::make_shared<int>(0);
  return [last] {
    std::string id = "n";
    return id += std::to_string(++*last);
  };
}

bool among(std::span<const std::string> ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

} // namespace

fake_emailing_store::fake_emailing_store(notice_decoder decode, id_source ids)
    : decode_(decode), ids_(ids ? std::move(ids) : numbered()) {}

void fake_emailing_store::check() const {
  if (down)
    throw store_error(store_failure::wait, "the fake is down");
}

notice_outcome fake_emailing_store::apply(std::span<const notice> notices) {
  check();
  auto present = store_fault::none;
  if (!faults.empty()) {
    present = faults.front();
    faults.pop_front();
  }
  if (present == store_fault::wait)
    throw store_error(store_failure::wait, "the fake waits");
  if (present == store_fault::lost_before)
    throw store_error(store_failure::lost, "the fake is lost before the commit");
  notice_view view;
  for (const auto& id : orders_asked(notices)) {
    if (const auto user = known.users.find(id); user != known.users.end())
      view.users.insert(*user);
    if (const auto waiting = known.waiting.find(id); waiting != known.waiting.end())
      view.waiting.insert(*waiting);
  }
  auto outcome = write(plan_notices(std::move(view), notices, decode_, ids_));
  if (present == store_fault::lost_after)
    throw store_error(store_failure::lost, "the fake is lost after the commit");
  return outcome;
}

notice_outcome fake_emailing_store::write(notice_plan plan) {
  notice_outcome outcome;
  outcome.rejected = std::move(plan.rejected);
  known.users.merge(plan.new_users);
  for (auto& e : plan.park) {
    auto& waiting = known.waiting[e.order_id];
    const bool twice = std::any_of(waiting.begin(), waiting.end(), [&](const parked_event& w) {
      return w.what.source == e.what.source && w.what.id == e.what.id;
    });
    if (twice)
      continue;
    e.id = ++last_parked_;
    waiting.push_back(std::move(e));
  }
  for (auto& [order_id, waiting] : known.waiting)
    std::erase_if(waiting, [&](const parked_event& e) {
      return std::find(plan.unpark.begin(), plan.unpark.end(), e.id) != plan.unpark.end();
    });
  for (auto& entry : plan.entries) {
    if (!seen_.emplace(entry.source, entry.event).second)
      continue;
    entry.what.seq = static_cast<int64_t>(notifications.size()) + 1;
    entry.what.created_at = now += std::chrono::milliseconds(1);
    mails.push_back(
        {{entry.what.id, entry.what.user_id, entry.what.title, entry.what.message}, now});
    notifications.push_back(entry.what);
    outcome.added.push_back(std::move(entry.what));
  }
  return outcome;
}

std::vector<email> fake_emailing_store::due_emails(int limit, std::chrono::milliseconds lease) {
  check();
  std::vector<email> all;
  for (auto& m : mails) {
    if (m.sent || m.due > now || static_cast<int>(all.size()) == limit)
      continue;
    m.due = now + lease;
    all.push_back(m.what);
  }
  return all;
}

void fake_emailing_store::emails_sent(std::span<const std::string> ids) {
  check();
  for (auto& m : mails)
    if (among(ids, m.what.id))
      m.sent = true;
}

void fake_emailing_store::emails_failed(std::span<const std::string> ids,
                                        std::chrono::milliseconds delay) {
  check();
  for (auto& m : mails)
    if (among(ids, m.what.id) && !m.sent) {
      ++m.tries;
      m.due = now + delay;
    }
}

std::vector<notification> fake_emailing_store::list(const std::string& user_id, bool only_unread,
                                                    int limit, int64_t before) {
  check();
  std::vector<notification> all;
  for (auto n = notifications.rbegin(); n != notifications.rend(); ++n)
    if (n->user_id == user_id && n->seq < before && !(only_unread && n->is_read)
        && static_cast<int>(all.size()) < limit)
      all.push_back(*n);
  return all;
}

notification_feed fake_emailing_store::list_after(std::span<const notification_cursor> cursors,
                                                  int limit) {
  check();
  notification_feed all;
  for (const auto& c : cursors) {
    auto& page = all.emplace_back();
    for (const auto& n : notifications)
      if (n.user_id == c.user_id && n.seq > c.after && static_cast<int>(page.size()) < limit)
        page.push_back(n);
  }
  return all;
}

std::optional<notification> fake_emailing_store::mark_read(const std::string& user_id,
                                                           const std::string& id) {
  check();
  for (auto& n : notifications)
    if (n.id == id && n.user_id == user_id) {
      n.is_read = true;
      return n;
    }
  return std::nullopt;
}

} // namespace troupe::test
