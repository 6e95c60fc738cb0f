#include "http/notification_watch.hpp"

#include "actors/ending.hpp"
#include "http/event_stream.hpp"
#include "http/fault_table.hpp"
#include "http/views.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace troupe::http {

namespace {

using clock = call::clock;

constexpr size_t cursors_a_query = 64;
constexpr int page = 50; ///< notifications a cursor and query

struct subscriber {
  call_ptr client;
  std::string user;
  waiting_room::seat_ptr place;
  std::optional<int64_t> seen; ///< `seq`; nothing: where the user's notifications end now is asked
  reply_stream to = {};
  bool opened = false;
  bool behind = true; ///< there may be more than was read
  clock::time_point wrote_at = {};
};
using subscriber_ptr = std::shared_ptr<subscriber>;

bool gone(const subscriber& s) {
  return s.opened ? !s.to.open() : s.client->client_gone();
}

void open_stream(subscriber& s) {
  if (std::exchange(s.opened, true))
    return;
  s.to = s.client->stream(event_stream_head());
  s.wrote_at = clock::now();
}

} // namespace

/// Who waits for whose notifications. Used on the desk only.
class notification_watch::book : public std::enable_shared_from_this<book> {
public:
  using desk = watch_desk::actor_ptr;

  explicit book(const waiting_options& options) : options_(options) {}

  void add(desk self, const subscriber_ptr& s);
  void wake(desk self, const std::set<std::string>& users);
  void wake_all(desk self);
  void open(desk self, notification_actor notifications);
  void pause() { notifications_ = nullptr; }
  void look_at_clock(desk self);
  void close();

private:
  using page_of = std::vector<subscriber_ptr>;

  void find_end(desk self, const subscriber_ptr& s);
  void read(desk self);
  page_of next_page();
  void arrived(desk self, const page_of& asked, const notification_feed& feed);
  void failed(const page_of& asked);
  void give(subscriber& s, const std::vector<notification>& fresh) const;
  void keep_alive(subscriber& s, clock::time_point now) const;

  const waiting_options options_;
  notification_actor notifications_; ///< null: there is no node now
  std::unordered_multimap<std::string, subscriber_ptr> by_user_;
  bool reading_ = false;
  clock::time_point read_again_ = {}; ///< after a read that failed
};

void notification_watch::book::add(desk self, const subscriber_ptr& s) {
  by_user_.emplace(s->user, s);
  if (!s->seen)
    return find_end(self, s);
  open_stream(*s);
  read(self);
}

/// What is committed from here on is new to `s`: it was entered before this is asked.
void notification_watch::book::find_end(desk self, const subscriber_ptr& s) {
  if (!notifications_)
    return s->client->fail(problem_of(fault::unavailable, {}));
  notification_filter newest{s->user};
  newest.limit = 1;
  self->request(notifications_, caf::infinite, list_atom::value, newest)
      .then(
          [book = shared_from_this(), self, s](const std::vector<notification>& found) {
            contained("notification_watch", [&] {
              s->seen = found.empty() ? 0 : found.front().seq;
              open_stream(*s);
              book->read(self);
            });
          },
          [s](const caf::error& why) { s->client->fail(why); });
}

/// Reads on for those who may have something to read and have room for it: one query at a time.
void notification_watch::book::read(desk self) {
  if (reading_ || !notifications_ || clock::now() < read_again_)
    return;
  auto asked = next_page();
  if (asked.empty())
    return;
  std::vector<notification_cursor> after;
  after.reserve(asked.size());
  for (const auto& s : asked)
    after.push_back({s->user, *s->seen});
  reading_ = true;
  self->request(notifications_, caf::infinite, list_atom::value, std::move(after), page)
      .then(
          [book = shared_from_this(), self, asked](const notification_feed& feed) {
            contained("notification_watch", [&] { book->arrived(self, asked, feed); });
          },
          [book = shared_from_this(), asked](const caf::error&) { book->failed(asked); });
}

notification_watch::book::page_of notification_watch::book::next_page() {
  page_of asked;
  for (const auto& [user, s] : by_user_) {
    if (!s->behind || !s->opened || !s->to.open() || s->to.unsent() > options_.enough_unsent)
      continue;
    s->behind = false; // whoever is told of more meanwhile is read for again
    asked.push_back(s);
    if (asked.size() == cursors_a_query)
      break;
  }
  return asked;
}

void notification_watch::book::arrived(desk self, const page_of& asked,
                                       const notification_feed& feed) {
  reading_ = false;
  for (size_t i = 0; i < asked.size() && i < feed.size(); ++i) {
    give(*asked[i], feed[i]);
    asked[i]->behind |= feed[i].size() == static_cast<size_t>(page);
  }
  read(self);
}

void notification_watch::book::failed(const page_of& asked) {
  reading_ = false;
  read_again_ = clock::now() + rest_after_failure;
  for (const auto& s : asked)
    s->behind = true;
}

/// As much as there is room for; the rest is read again. A page that comes late, of a node before,
/// repeats nothing.
void notification_watch::book::give(subscriber& s, const std::vector<notification>& fresh) const {
  for (const auto& n : fresh) {
    if (n.seq <= *s.seen)
      continue;
    if (s.to.unsent() > options_.enough_unsent) {
      s.behind = true;
      return;
    }
    s.to.write(event_text("notification", n.seq, text_of(notification_view(n))));
    s.seen = n.seq;
    s.wrote_at = clock::now();
  }
}

void notification_watch::book::wake(desk self, const std::set<std::string>& users) {
  for (const auto& user : users) {
    const auto [first, last] = by_user_.equal_range(user);
    for (auto at = first; at != last; ++at)
      at->second->behind = true;
  }
  read(self);
}

void notification_watch::book::wake_all(desk self) {
  for (auto& [user, s] : by_user_)
    s->behind = true;
  read(self);
}

void notification_watch::book::open(desk self, notification_actor notifications) {
  notifications_ = std::move(notifications);
  reading_ = false; // what the node before was asked
  wake_all(self);
}

void notification_watch::book::look_at_clock(desk self) {
  std::erase_if(by_user_, [](const auto& each) {
    const auto& s = *each.second;
    return gone(s) || (!s.opened && s.client->answered());
  });
  const auto now = clock::now();
  for (const auto& [user, s] : by_user_)
    keep_alive(*s, now);
  read(self);
}

void notification_watch::book::keep_alive(subscriber& s, clock::time_point now) const {
  if (!s.opened || now - s.wrote_at < options_.heartbeat || s.to.unsent() > options_.enough_unsent)
    return;
  s.to.write(std::string(heartbeat_text));
  s.wrote_at = now;
  s.behind = true;
}

void notification_watch::book::close() {
  for (auto& [user, s] : std::exchange(by_user_, {}))
    if (s->opened)
      s->to.end();
    else
      s->client->fail(problem_of(fault::unavailable, {}));
}

notification_watch::notification_watch(caf::actor_system& system, const waiting_options& options,
                                       metrics& count)
    : streams_(make_room(options.most, count, "notification_stream")),
      book_(std::make_shared<book>(options)),
      desk_(system, options, [book = book_](auto* self) { book->look_at_clock(self); }) {}

notification_watch::~notification_watch() {
  close();
}

void notification_watch::follow(const call_ptr& c, const std::string& user,
                                std::optional<int64_t> seen) {
  auto place = desk_.admit(*streams_, *c, user);
  if (!place)
    return;
  auto s = std::make_shared<subscriber>(subscriber{c, user, std::move(place), seen});
  desk_.post([book = book_, s = std::move(s)](auto* self) { book->add(self, s); });
}

void notification_watch::added(const std::vector<notification>& fresh) {
  std::set<std::string> users;
  for (const auto& n : fresh)
    if (streams_->awaits(n.user_id))
      users.insert(n.user_id);
  wake(std::move(users));
}

void notification_watch::added_elsewhere(const std::vector<std::string>& users) {
  std::set<std::string> waiting;
  for (const auto& user : users)
    if (streams_->awaits(user))
      waiting.insert(user);
  wake(std::move(waiting));
}

void notification_watch::wake(std::set<std::string> users) {
  if (!users.empty())
    desk_.post([book = book_, users = std::move(users)](auto* self) { book->wake(self, users); });
}

void notification_watch::doubtful_all() {
  desk_.post([book = book_](auto* self) { book->wake_all(self); });
}

void notification_watch::open(const notification_actor& notifications) {
  desk_.post([book = book_, notifications](auto* self) { book->open(self, notifications); });
}

void notification_watch::pause() {
  desk_.post([book = book_](auto*) { book->pause(); });
}

void notification_watch::close() {
  desk_.stop([book = book_](auto*) { book->close(); });
}

} // namespace troupe::http
