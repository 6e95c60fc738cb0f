#include "persistence/emailing_store.hpp"

#include "persistence/batching.hpp"
#include "persistence/notice_plan.hpp"
#include "persistence/parked_rows.hpp"
#include "persistence/pg.hpp"

#include <iterator>
#include <unordered_map>
#include <utility>

namespace troupe {

namespace {

// A stopped process must not hold orders for ever between its locks and its commit.
constexpr std::string_view users_patience_sql
    = "set local idle_in_transaction_session_timeout = '10s'";

constexpr std::string_view users_sql = "select order_id, user_id from order_users"
                                       " where order_id = any($1::text[]) and user_id is not null";

// Both sides of a wait first make the order's row, then lock it, then look.
constexpr std::string_view ensure_sql
    = "insert into order_users (order_id) select id from unnest($1::text[]) id order by id"
      " on conflict do nothing";

constexpr std::string_view lock_users_sql
    = "select order_id, user_id from order_users where order_id = any($1::text[])"
      " order by order_id for update";

constexpr std::string_view new_users_sql
    = "update order_users o set user_id = s.user_id"
      " from unnest($1::text[], $2::text[]) as s(order_id, user_id)"
      " where o.order_id = s.order_id";

// `seq` is given by the insert. Its user is locked before, so a user's notifications are committed
// in the order of `seq`, and who reads on from one misses none. 1: the class of these locks.
constexpr std::string_view in_turn_sql
    = "select pg_advisory_xact_lock(1, key) from ("
      "  select distinct hashtext(user_id) as key from unnest($1::text[]) user_id order by key) k";

constexpr std::string_view notify_sql
    = "with s as materialized ("
      "  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"
      "   $6::text[], $7::text[], $8::text[]) with ordinality"
      "   as t(id, user_id, type, title, message, order_id, event_source, event_id, place)),"
      " n as ("
      "  insert into notifications (id, user_id, type, title, message, order_id, event_source,"
      "   event_id)"
      "  select id, user_id, type, title, message, nullif(order_id, ''), event_source, event_id"
      "  from s order by place on conflict (event_source, event_id) do nothing"
      "  returning id, user_id, title, message, created_at),"
      " e as ("
      "  insert into emails (id, user_id, subject, body) select id, user_id, title, message from n)"
      " select id, (extract(epoch from created_at) * 1000000)::bigint from n";

constexpr std::string_view due_emails_sql
    = "with due as materialized ("
      "  select id from emails where status = 'PENDING' and next_try_at <= statement_timestamp()"
      "  order by next_try_at limit $1::integer for update skip locked)"
      " update emails e"
      " set next_try_at = clock_timestamp() + $2::bigint * interval '1 millisecond'"
      " from due where e.id = due.id returning e.id, e.user_id, e.subject, e.body";

// Not "= 'PENDING'": that would be looked for in the index of all that are due.
constexpr std::string_view sent_sql
    = "update emails set status = 'SENT', sent_at = clock_timestamp()"
      " where id = any($1::text[]) and status <> 'SENT'";

constexpr std::string_view failed_sql
    = "update emails set tries = tries + 1,"
      " next_try_at = clock_timestamp() + $2::bigint * interval '1 millisecond'"
      " where id = any($1::text[]) and status <> 'SENT'";

#define TROUPE_NOTIFICATION_COLUMNS                                                                \
  "id, user_id, type, title, message, coalesce(order_id, ''), is_read,"                            \
  " (extract(epoch from created_at) * 1000000)::bigint, seq"

constexpr std::string_view list_sql
    = "select " TROUPE_NOTIFICATION_COLUMNS " from notifications"
      " where user_id = $1::text and seq < $3::bigint order by seq desc limit $2::integer";

constexpr std::string_view unread_sql
    = "select " TROUPE_NOTIFICATION_COLUMNS " from notifications"
      " where user_id = $1::text and not is_read and seq < $3::bigint"
      " order by seq desc limit $2::integer";

constexpr std::string_view read_sql
    = "update notifications set is_read = true where user_id = $1::text and id = $2::text"
      " returning " TROUPE_NOTIFICATION_COLUMNS;

constexpr std::string_view after_sql
    = "select n.*, c.place from"
      " unnest($1::text[], $2::bigint[]) with ordinality as c(user_id, after, place)"
      " cross join lateral (select " TROUPE_NOTIFICATION_COLUMNS " from notifications n"
      "  where n.user_id = c.user_id and n.seq > c.after order by n.seq limit $3::integer) n"
      " order by c.place, n.seq";

#undef TROUPE_NOTIFICATION_COLUMNS

/// Rounds of one batch that meets the same events in another session, or its locks.
constexpr int notice_rounds = 3;

notification read_notification(const pg::result& rows, int i) {
  notification n;
  n.id = rows.text(i, 0);
  n.user_id = rows.text(i, 1);
  n.type = rows.text(i, 2);
  n.title = rows.text(i, 3);
  n.message = rows.text(i, 4);
  n.order_id = rows.text(i, 5);
  n.is_read = rows.boolean(i, 6);
  n.created_at = rows.time(i, 7);
  n.seq = rows.integer(i, 8);
  return n;
}

std::map<std::string, std::string> read_users(const pg::result& rows) {
  std::map<std::string, std::string> users;
  for (int i = 0; i < rows.rows(); ++i)
    if (!rows.null(i, 1))
      users.emplace(rows.text(i, 0), rows.text(i, 1));
  return users;
}

pg::statement in_turn(const notice_plan& plan) {
  std::vector<std::string> users;
  users.reserve(plan.entries.size());
  for (const auto& e : plan.entries)
    users.push_back(e.what.user_id);
  return {in_turn_sql, {users}};
}

pg::statement notify(const notice_plan& plan) {
  std::vector<std::string> ids, users, types, titles, messages, orders, sources, events;
  for (const auto& e : plan.entries) {
    ids.push_back(e.what.id);
    users.push_back(e.what.user_id);
    types.push_back(e.what.type);
    titles.push_back(e.what.title);
    messages.push_back(e.what.message);
    orders.push_back(e.what.order_id);
    sources.push_back(pg::printable(e.source));
    events.push_back(pg::printable(e.event));
  }
  return {notify_sql, {ids, users, types, titles, messages, orders, sources, events}};
}

pg::statement remember(const std::map<std::string, std::string>& new_users) {
  std::vector<std::string> orders, users;
  for (const auto& [order_id, user_id] : new_users) {
    orders.push_back(order_id);
    users.push_back(user_id);
  }
  return {new_users_sql, {orders, users}};
}

class pg_emailing_store : public emailing_store {
public:
  pg_emailing_store(std::string conninfo, notice_decoder decode)
      : session_(std::move(conninfo), {.plans = pg::planning::by_keys}),
        decode_(decode),
        ids_(random_ids()) {}

  notice_outcome apply(std::span<const notice> notices) override {
    notice_outcome outcome;
    auto part = [&](size_t first, size_t last) {
      auto written = apply_part(notices.subspan(first, last - first));
      std::move(written.added.begin(), written.added.end(), std::back_inserter(outcome.added));
      for (auto& rejection : written.rejected)
        outcome.rejected.push_back({first + rejection.index, std::move(rejection.error)});
    };
    auto reject = [&](size_t index, const pg::error& e) {
      outcome.rejected.push_back({index, e.what()});
    };
    pg::write_halving(0, notices.size(), part, reject);
    return outcome;
  }

  std::vector<email> due_emails(int limit, std::chrono::milliseconds lease) override {
    return session_.run([&](pg::connection& on) {
      const auto rows = on.exec(due_emails_sql, {limit, int64_t{lease.count()}});
      std::vector<email> all;
      all.reserve(static_cast<size_t>(rows.rows()));
      for (int i = 0; i < rows.rows(); ++i)
        all.push_back({rows.text(i, 0), rows.text(i, 1), rows.text(i, 2), rows.text(i, 3)});
      return all;
    });
  }

  void emails_sent(std::span<const std::string> ids) override {
    session_.run([&](pg::connection& on) {
      on.exec(sent_sql, {std::vector<std::string>(ids.begin(), ids.end())});
    });
  }

  void emails_failed(std::span<const std::string> ids, std::chrono::milliseconds delay) override {
    session_.run([&](pg::connection& on) {
      on.exec(failed_sql,
              {std::vector<std::string>(ids.begin(), ids.end()), int64_t{delay.count()}});
    });
  }

  std::vector<notification> list(const std::string& user_id, bool only_unread, int limit,
                                 int64_t before) override {
    return session_.run([&](pg::connection& on) {
      const auto rows = on.exec(only_unread ? unread_sql : list_sql, {user_id, limit, before});
      std::vector<notification> all;
      all.reserve(static_cast<size_t>(rows.rows()));
      for (int i = 0; i < rows.rows(); ++i)
        all.push_back(read_notification(rows, i));
      return all;
    });
  }

  notification_feed list_after(std::span<const notification_cursor> cursors, int limit) override {
    std::vector<std::string> users;
    std::vector<int64_t> after;
    for (const auto& c : cursors) {
      users.push_back(c.user_id);
      after.push_back(c.after);
    }
    return session_.run([&](pg::connection& on) {
      const auto rows = on.exec(after_sql, {users, after, limit});
      notification_feed all(cursors.size());
      for (int i = 0; i < rows.rows(); ++i)
        all.at(static_cast<size_t>(rows.integer(i, 9)) - 1).push_back(read_notification(rows, i));
      return all;
    });
  }

  std::optional<notification> mark_read(const std::string& user_id,
                                        const std::string& id) override {
    return session_.run([&](pg::connection& on) -> std::optional<notification> {
      const auto rows = on.exec(read_sql, {user_id, id});
      if (rows.rows() == 0)
        return std::nullopt;
      return read_notification(rows, 0);
    });
  }

  void ping() override {
    session_.run([](pg::connection& on) { on.exec("select 1"); });
  }

private:
  /// One transaction, or an error and none. Twice does what once does, so a lost session is simply
  /// replaced.
  notice_outcome apply_part(std::span<const notice> notices) {
    for (int round = 1;; ++round) {
      try {
        return session_.run([&](pg::connection& on) { return apply_on(on, notices); });
      } catch (const pg::error& e) {
        if (!e.contended() || round == notice_rounds)
          throw;
      }
    }
  }

  notice_outcome apply_on(pg::connection& on, std::span<const notice> notices) {
    const auto orders = orders_asked(notices);
    notice_view view;
    if (!orders.empty())
      view.users = read_users(on.exec(users_sql, {orders}));
    if (view.users.size() == orders.size())
      return write(on, plan_notices(std::move(view), notices, decode_, ids_));
    // Somebody's user is not known yet: look again under the orders' locks.
    pg::transaction all(on);
    const std::vector<pg::statement> reads = {{users_patience_sql, {}},
                                              {ensure_sql, {orders}},
                                              {lock_users_sql, {orders}},
                                              pg::read_parked(orders)};
    const auto rows = on.pipeline(reads);
    view.users = read_users(rows[2]);
    view.waiting = pg::parked_by_order(rows[3]);
    auto outcome = write(on, plan_notices(std::move(view), notices, decode_, ids_));
    all.commit();
    return outcome;
  }

  static notice_outcome write(pg::connection& on, notice_plan plan) {
    notice_outcome outcome;
    outcome.rejected = std::move(plan.rejected);
    if (!plan.writes())
      return outcome;
    std::vector<pg::statement> writes;
    if (!plan.new_users.empty())
      writes.push_back(remember(plan.new_users));
    if (!plan.park.empty())
      writes.push_back(pg::add_parked(plan.park));
    if (!plan.unpark.empty())
      writes.push_back(pg::remove_parked(plan.unpark));
    writes.push_back(in_turn(plan));
    writes.push_back(notify(plan));
    const auto results = on.pipeline(writes);
    std::unordered_map<std::string, timestamp> added;
    for (int i = 0; i < results.back().rows(); ++i)
      added.emplace(results.back().text(i, 0), results.back().time(i, 1));
    for (auto& entry : plan.entries)
      if (const auto found = added.find(entry.what.id); found != added.end()) {
        entry.what.created_at = found->second;
        outcome.added.push_back(std::move(entry.what));
      }
    return outcome;
  }

  pg::lazy_connection session_;
  notice_decoder decode_;
  id_source ids_;
};

} // namespace

std::unique_ptr<emailing_store> make_emailing_store(std::string conninfo, notice_decoder decode) {
  return std::make_unique<pg_emailing_store>(std::move(conninfo), decode);
}

} // namespace troupe
