#include "http/notification_watch.hpp"

#include "actors/ending.hpp"
#include "http/event_stream.hpp"
#include "http/fault_table.hpp"
#include "http/views.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace troupe::http {

namespace {

using clock = call::clock;
using namespace std::chrono_literals;

constexpr size_t cursors_a_query = 64;
constexpr int page = 50; ///< notifications a cursor and query
constexpr auto rest_after_failure = 1s;

struct follower {
  call_ptr client;
  std::string user;
  waiting_room::seat_ptr place;
  std::optional<int64_t> seen; ///< `seq`; nothing: where the user's notifications end now is asked
  reply_stream to = {};
  bool opened = false;
  bool behind = true; ///< there may be more than was read
  clock::time_point wrote_at = {};
};
using follower_ptr = std::shared_ptr<follower>;

bool gone(const follower& f) {
  return f.opened ? !f.to.open() : f.client->client_gone();
}

void open_stream(follower& f) {
  if (std::exchange(f.opened, true))
    return;
  f.to = f.client->stream(event_stream_head());
  f.wrote_at = clock::now();
}

} // namespace

/// Who waits for whose notifications. Used on the desk only.
class notification_watch::book : public std::enable_shared_from_this<book> {
public:
  using desk = watch_desk::actor_ptr;

  explicit book(const waiting_options& options) : options_(options) {}

  void add(desk self, const follower_ptr& f);
  void wake(desk self, const std::set<std::string>& users);
  void open(desk self, notification_actor notifications);
  void pause() { notifications_ = nullptr; }
  void look_at_clock(desk self);
  void close();

private:
  using page_of = std::vector<follower_ptr>;

  void find_end(desk self, const follower_ptr& f);
  void read(desk self);
  page_of next_page();
  void arrived(desk self, const page_of& asked, const notification_feed& feed);
  void failed(const page_of& asked);
  void give(follower& f, const std::vector<notification>& fresh) const;
  void keep_alive(follower& f, clock::time_point now) const;

  const waiting_options options_;
  notification_actor notifications_; ///< null: there is no node now
  std::unordered_multimap<std::string, follower_ptr> by_user_;
  bool reading_ = false;
  clock::time_point read_again_ = {}; ///< after a read that failed
};

void notification_watch::book::add(desk self, const follower_ptr& f) {
  by_user_.emplace(f->user, f);
  if (!f->seen)
    return find_end(self, f);
  open_stream(*f);
  read(self);
}

/// What is committed from here on is new to `f`: it was entered before this is asked.
void notification_watch::book::find_end(desk self, const follower_ptr& f) {
  if (!notifications_)
    return f->client->fail(problem_of(fault::unavailable, {}));
  notification_filter newest{f->user};
  newest.limit = 1;
  self->request(notifications_, caf::infinite, list_atom::value, newest)
      .then(
          [book = shared_from_this(), self, f](const std::vector<notification>& found) {
            contained("notification_watch", [&] {
              f->seen = found.empty() ? 0 : found.front().seq;
              open_stream(*f);
              book->read(self);
            });
          },
          [f](const caf::error& why) { f->client->fail(why); });
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
  for (const auto& f : asked)
    after.push_back({f->user, *f->seen});
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
  for (const auto& [user, f] : by_user_) {
    if (!f->behind || !f->opened || !f->to.open() || f->to.unsent() > options_.enough_unsent)
      continue;
    f->behind = false; // whoever is told of more meanwhile is read for again
    asked.push_back(f);
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
  for (const auto& f : asked)
    f->behind = true;
}

/// As much as there is room for; the rest is read again. A page that comes late, of a node before,
/// repeats nothing.
void notification_watch::book::give(follower& f, const std::vector<notification>& fresh) const {
  for (const auto& n : fresh) {
    if (n.seq <= *f.seen)
      continue;
    if (f.to.unsent() > options_.enough_unsent) {
      f.behind = true;
      return;
    }
    f.to.write(event_text("notification", n.seq, text_of(notification_view(n))));
    f.seen = n.seq;
    f.wrote_at = clock::now();
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

void notification_watch::book::open(desk self, notification_actor notifications) {
  notifications_ = std::move(notifications);
  reading_ = false; // what the node before was asked
  for (auto& [user, f] : by_user_)
    f->behind = true;
  read(self);
}

void notification_watch::book::look_at_clock(desk self) {
  std::erase_if(by_user_, [](const auto& each) {
    const auto& f = *each.second;
    return gone(f) || (!f.opened && f.client->answered());
  });
  const auto now = clock::now();
  for (const auto& [user, f] : by_user_)
    keep_alive(*f, now);
  read(self);
}

void notification_watch::book::keep_alive(follower& f, clock::time_point now) const {
  if (!f.opened || now - f.wrote_at < options_.heartbeat || f.to.unsent() > options_.enough_unsent)
    return;
  f.to.write(std::string(heartbeat_text));
  f.wrote_at = now;
  f.behind = true;
}

void notification_watch::book::close() {
  for (auto& [user, f] : std::exchange(by_user_, {}))
    if (f->opened)
      f->to.end();
    else
      f->client->fail(problem_of(fault::unavailable, {}));
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
  auto f = std::make_shared<follower>(follower{c, user, std::move(place), seen});
  desk_.post([book = book_, f = std::move(f)](auto* self) { book->add(self, f); });
}

void notification_watch::added(const std::vector<notification>& fresh) {
  std::set<std::string> users;
  for (const auto& n : fresh)
    if (streams_->awaits(n.user_id))
      users.insert(n.user_id);
  if (!users.empty())
    desk_.post([book = book_, users = std::move(users)](auto* self) { book->wake(self, users); });
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
