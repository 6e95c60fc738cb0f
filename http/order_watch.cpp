#include "http/order_watch.hpp"

#include "actors/ending.hpp"
#include "http/event_stream.hpp"
#include "http/fault_table.hpp"
#include "http/views.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::http {

namespace {

using clock = call::clock;
using order_ptr = std::shared_ptr<const order>;

struct poll {
  call_ptr client;
  std::string user;
  std::chrono::seconds limit;
  clock::time_point until;
  order_watch::judge answer;
  waiting_room::seat_ptr place;
  uint64_t due = 0; ///< the first view that is new enough for it
};

struct follower {
  call_ptr client;
  std::string user;
  std::optional<int64_t> seen; ///< version; nothing: none yet
  waiting_room::seat_ptr place;
  uint64_t due = 0; ///< likewise
  reply_stream to = {};
  bool opened = false;
  clock::time_point wrote_at = {};
};

/// No version follows: only the stock may still be owed, which makes none.
bool is_last_version(const order& o) {
  return o.status == order_status::completed
         || (o.status == order_status::cancelled && o.payment != payment_status::refund_pending);
}

bool belongs_to(const order& o, const std::string& user) {
  return user.empty() || user == o.user_id;
}

void answer_poll(const poll& p, response what) {
  what.headers.emplace_back("Preference-Applied", "wait=" + std::to_string(p.limit.count()));
  p.client->answer(std::move(what));
}

/// True when `p` is answered.
bool tell(const poll& p, const order& now) {
  if (!belongs_to(now, p.user)) {
    p.client->fail(problem_of(fault::not_found, {}));
    return true;
  }
  auto what = p.answer(now);
  if (what.status == 304)
    return false;
  answer_poll(p, std::move(what));
  return true;
}

/// One that its time is up for, or that the server must let go.
void dismiss(const poll& p, const order_ptr& known) {
  if (!known)
    return p.client->fail(problem_of(fault::unavailable, {}));
  if (!tell(p, *known))
    answer_poll(p, p.answer(*known));
}

} // namespace

/// Who waits for which order. Used on the desk only.
class order_watch::book : public std::enable_shared_from_this<book> {
public:
  using desk = watch_desk::actor_ptr;

  explicit book(const waiting_options& options) : options_(options) {}

  void add(desk self, const std::string& id, poll p);
  void add(desk self, const std::string& id, follower f);
  void changed(const order_ptr& now);
  void doubtful(desk self, const std::string& id);
  void doubtful_all(desk self);
  void open(desk self, order_door orders, std::shared_ptr<const lease> mine);
  void pause() { orders_ = nullptr; }
  void look_at_clock(desk self);
  void close();

private:
  struct entry {
    std::vector<poll> polls;
    std::vector<follower> followers;
    order_ptr newest;     ///< null: not viewed yet
    std::string event;    ///< of `newest`; made when the first stream needs it
    bool doubtful = true; ///< to be viewed
    bool viewing = false;
    uint64_t asked = 0, viewed = 0;    ///< the numbers of the last view, and of the last answered
    clock::time_point view_again = {}; ///< after a view that failed

    bool sure() const { return newest && !doubtful && !viewing; }
    bool empty() const { return polls.empty() && followers.empty(); }
  };

  bool standby() const { return mine_ && mine_->now() == standing::standby; }
  template <class Client>
  void enter(desk self, const std::string& id, std::vector<Client> entry::*clients, Client c);
  void view(desk self, const std::string& id, entry& e);
  void viewed(desk self, const std::string& id, uint64_t number, const order_ptr& now);
  void not_viewed(const std::string& id, uint64_t number, const caf::error& why);
  void learn(entry& e, const order_ptr& now);
  void tell_all(entry& e);
  bool advance(entry& e, follower& f) const;
  void keep_alive(entry& e, clock::time_point now) const;
  static void expire(entry& e, clock::time_point now);
  static void refuse(entry& e, const caf::error& why, bool all);

  const waiting_options options_;
  order_door orders_; ///< null: there is no node now
  std::shared_ptr<const lease> mine_;
  std::unordered_map<std::string, entry> entries_;
  uint64_t views_ = 0; ///< begun, of all orders
};

/// Views the order for each that comes, also when others wait for it: what they were told may be
/// old by now where another node owns it, and the one who comes may have been told more.
template <class Client>
void order_watch::book::enter(desk self, const std::string& id, std::vector<Client> entry::*clients,
                              Client c) {
  auto& e = entries_[id];
  c.due = views_ + 1;
  (e.*clients).push_back(std::move(c));
  e.doubtful = true;
  view(self, id, e);
}

void order_watch::book::add(desk self, const std::string& id, poll p) {
  enter(self, id, &entry::polls, std::move(p));
}

void order_watch::book::add(desk self, const std::string& id, follower f) {
  enter(self, id, &entry::followers, std::move(f));
}

/// Asks for what is in doubt. What is not answered is asked again at a tick.
void order_watch::book::view(desk self, const std::string& id, entry& e) {
  if (!e.doubtful || e.viewing || !orders_ || clock::now() < e.view_again)
    return;
  e.viewing = true;
  e.doubtful = false; // who comes to doubt it meanwhile has it viewed again
  e.asked = ++views_;
  self->request(orders_, caf::infinite, view_atom::value, id, std::string())
      .then(
          [book = shared_from_this(), self, id, number = views_](const order& now) {
            contained("order_watch",
                      [&] { book->viewed(self, id, number, std::make_shared<const order>(now)); });
          },
          [book = shared_from_this(), id, number = views_](const caf::error& why) {
            contained("order_watch", [&] { book->not_viewed(id, number, why); });
          });
}

void order_watch::book::viewed(desk self, const std::string& id, uint64_t number,
                               const order_ptr& now) {
  const auto found = entries_.find(id);
  if (found == entries_.end())
    return;
  auto& e = found->second;
  e.viewed = std::max(e.viewed, number);
  if (number == e.asked)
    e.viewing = false;
  learn(e, now);
  tell_all(e);
  if (e.empty())
    entries_.erase(found);
  else
    view(self, id, e);
}

void order_watch::book::not_viewed(const std::string& id, uint64_t number, const caf::error& why) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || number != found->second.asked)
    return;
  auto& e = found->second;
  e.viewing = false;
  e.doubtful = true;
  e.view_again = clock::now() + rest_after_failure;
  refuse(e, why, fault_of(why) == fault::not_found);
  if (e.empty())
    entries_.erase(found);
}

/// Those who have not been told anything yet are told `why`; the others wait until it passes,
/// unless `all` are meant.
void order_watch::book::refuse(entry& e, const caf::error& why, bool all) {
  if (all || !e.newest)
    for (const auto& p : std::exchange(e.polls, {}))
      p.client->fail(why);
  std::erase_if(e.followers, [&](const follower& f) {
    if (!f.opened)
      f.client->fail(why);
    return all || !f.opened;
  });
}

void order_watch::book::learn(entry& e, const order_ptr& now) {
  if (e.newest && now->version <= e.newest->version)
    return;
  e.newest = now;
  e.event.clear();
}

void order_watch::book::tell_all(entry& e) {
  std::erase_if(e.polls, [&](const poll& p) { return p.due <= e.viewed && tell(p, *e.newest); });
  std::erase_if(e.followers, [&](follower& f) { return f.due <= e.viewed && !advance(e, f); });
}

/// Sends what `f` has not seen, if it reads what it is sent. False: it need not be followed on.
bool order_watch::book::advance(entry& e, follower& f) const {
  const auto& now = *e.newest;
  if (!belongs_to(now, f.user)) {
    f.client->fail(problem_of(fault::not_found, {}));
    return false;
  }
  if (!std::exchange(f.opened, true)) {
    f.to = f.client->stream(event_stream_head());
    f.wrote_at = clock::now();
  }
  if (f.seen != now.version && f.to.unsent() <= options_.enough_unsent) {
    if (e.event.empty())
      e.event = event_text("order", now.version, order_text(now));
    f.to.write(e.event);
    f.seen = now.version;
    f.wrote_at = clock::now();
  }
  return f.to.open() && !(f.seen == now.version && is_last_version(now));
}

void order_watch::book::changed(const order_ptr& now) {
  const auto found = entries_.find(now->id);
  if (found == entries_.end())
    return;
  auto& e = found->second;
  learn(e, now);
  tell_all(e);
  if (e.empty())
    entries_.erase(found);
}

void order_watch::book::doubtful(desk self, const std::string& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end())
    return;
  found->second.doubtful = true;
  view(self, id, found->second);
}

void order_watch::book::doubtful_all(desk self) {
  for (auto& [id, e] : entries_) {
    e.doubtful = true;
    view(self, id, e);
  }
}

void order_watch::book::open(desk self, order_door orders, std::shared_ptr<const lease> mine) {
  orders_ = std::move(orders);
  mine_ = std::move(mine);
  for (auto& [id, e] : entries_) {
    e.doubtful = true;
    e.viewing = false; // what the node before was asked
    view(self, id, e);
  }
}

void order_watch::book::look_at_clock(desk self) {
  const auto now = clock::now();
  const bool elsewhere = standby();
  for (auto& [id, e] : entries_) {
    if (elsewhere)
      refuse(e, make_fault(fault::not_owner), true);
    expire(e, now);
    keep_alive(e, now);
    view(self, id, e);
  }
  std::erase_if(entries_, [](const auto& each) { return each.second.empty(); });
}

/// A poll's time is up. What is in doubt is not sworn to be unchanged.
void order_watch::book::expire(entry& e, clock::time_point now) {
  std::erase_if(e.polls, [&](const poll& p) {
    if (p.client->client_gone())
      return true;
    if (now < p.until)
      return false;
    dismiss(p, e.sure() ? e.newest : nullptr);
    return true;
  });
}

/// Sends to those who read again what they have missed, and to the silent ones a sign of life.
void order_watch::book::keep_alive(entry& e, clock::time_point now) const {
  std::erase_if(e.followers, [&](follower& f) {
    if (!f.opened)
      return f.client->client_gone();
    if (!f.to.open() || !advance(e, f))
      return true;
    if (now - f.wrote_at >= options_.heartbeat && f.to.unsent() <= options_.enough_unsent) {
      f.to.write(std::string(heartbeat_text));
      f.wrote_at = now;
    }
    return false;
  });
}

void order_watch::book::close() {
  for (auto& [id, e] : std::exchange(entries_, {})) {
    for (const auto& p : e.polls)
      dismiss(p, p.due <= e.viewed ? e.newest : nullptr);
    for (const auto& f : e.followers)
      if (!f.opened)
        f.client->fail(problem_of(fault::unavailable, {}));
  }
}

order_watch::order_watch(caf::actor_system& system, const waiting_options& options, metrics& count)
    : polls_(make_room(options.most, count, "order_poll")),
      streams_(make_room(options.most, count, "order_stream")),
      book_(std::make_shared<book>(options)),
      desk_(system, options, [book = book_](auto* self) { book->look_at_clock(self); }) {}

order_watch::~order_watch() {
  close();
}

void order_watch::wait(const call_ptr& c, const std::string& id, std::string user,
                       std::chrono::seconds limit, judge answer) {
  auto place = desk_.admit(*polls_, *c, id);
  if (!place)
    return;
  poll p{c, std::move(user), limit, clock::now() + limit, std::move(answer), std::move(place)};
  desk_.post([book = book_, id, p = std::move(p)](auto* self) { book->add(self, id, p); });
}

void order_watch::follow(const call_ptr& c, const std::string& id, std::string user,
                         std::optional<int64_t> seen) {
  auto place = desk_.admit(*streams_, *c, id);
  if (!place)
    return;
  desk_.post([book = book_, c, id, user = std::move(user), seen, place](auto* self) {
    book->add(self, id, follower{c, user, seen, place});
  });
}

void order_watch::changed(const order& now) {
  if (polls_->awaits(now.id) || streams_->awaits(now.id))
    desk_.post(
        [book = book_, now = std::make_shared<const order>(now)](auto*) { book->changed(now); });
}

void order_watch::doubtful(const std::string& order_id) {
  if (polls_->awaits(order_id) || streams_->awaits(order_id))
    desk_.post([book = book_, order_id](auto* self) { book->doubtful(self, order_id); });
}

void order_watch::doubtful_all() {
  desk_.post([book = book_](auto* self) { book->doubtful_all(self); });
}

void order_watch::open(const order_door& orders, const std::shared_ptr<const lease>& mine) {
  desk_.post([book = book_, orders, mine](auto* self) { book->open(self, orders, mine); });
}

void order_watch::pause() {
  desk_.post([book = book_](auto*) { book->pause(); });
}

void order_watch::close() {
  desk_.stop([book = book_](auto*) { book->close(); });
}

} // namespace troupe::http
