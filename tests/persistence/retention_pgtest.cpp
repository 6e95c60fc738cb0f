// What is old goes, exactly that, a few at a time; and nothing is done twice for it.

#include "persistence/retention.hpp"

#include "persistence/emailing_store.hpp"
#include "persistence/inbox.hpp"
#include "tests/persistence/shared_database.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

std::optional<notice> no_notice(const incoming_event&) {
  return std::nullopt;
}

notice about(const std::string& id) {
  notice n;
  n.what.type = "ORDER";
  n.what.title = "title " + id;
  n.what.message = "message";
  n.what.user_id = "ann";
  n.what.order_id = "order1";
  n.origin.source = "/troupe/order";
  n.origin.id = id;
  return n;
}

struct post_office {
  post_office() {
    std::vector<notice> all;
    for (const auto* id : {"old-read", "old-unread", "new-read"})
      all.push_back(about(id));
    store->apply(all);
    db.session().script("update notifications set is_read = event_id <> 'old-unread',"
                        " created_at = created_at - case when event_id like 'old%'"
                        "  then interval '49 hours' else interval '47 hours' end;"
                        "update emails e set status = case when e.subject = 'title old-unread'"
                        "  then 'PENDING' else 'SENT' end,"
                        " sent_at = n.created_at from notifications n where n.id = e.id");
  }

  std::string left(std::string_view sql) { return db.value(sql); }

  pg_database& db = emptied(database::emailing);
  std::unique_ptr<emailing_store> store = make_emailing_store(db.conninfo(), no_notice);
  std::unique_ptr<retention> old = make_retention(db.conninfo());
};

constexpr std::string_view titles_sql
    = "select string_agg(title, ', ' order by title) from notifications";
constexpr std::string_view subjects_sql
    = "select string_agg(subject, ', ' order by subject) from emails";

} // namespace

TEST_CASE("keys past their age go, the younger ones stay") {
  for (const auto& [which, columns, one] :
       {std::tuple(database::orders, "order_id, version", "'o', 1"),
        {database::payments, "replay_error", "''"},
        {database::inventory, "product_id", "'p'"},
        {database::emailing, "replay_error", "''"}}) {
    auto& db = emptied(which);
    for (const auto* age : {"23 hours 59 minutes", "24 hours 1 minute", "9 days"})
      db.session().script("insert into idempotency_keys (scope, body_hash, " + std::string(columns)
                          + ", created_at) values ('" + age + "', 'h', " + one
                          + ", now() - interval '" + age + "')");
    CHECK(make_retention(db.conninfo())->remove(old_rows::keys, 24h, 10) == 2);
    CHECK(db.value("select string_agg(scope, ',') from idempotency_keys") == "23 hours 59 minutes");
  }
}

TEST_CASE("settled letters go, but not the last word on an event of our own") {
  auto& db = emptied(database::payments);
  int offset = 0;
  const auto letter
      = [&](const char* name, const char* source, const char* replayed, const char* discarded) {
          db.session().exec("insert into dead_letters (consumer, topic, partition, record_offset,"
                            " ce_source, ce_id, key, value, error, created_at, replayed_at,"
                            " discarded_at) values ('c', 't', 0, $1::bigint, $2::text, '', '', '',"
                            " $3::text, now() - interval '9 days', now() - $4::interval,"
                            " now() - $5::interval)",
                            {++offset, source, name,
                             replayed == nullptr ? pg::param(nullptr) : pg::param(replayed),
                             discarded == nullptr ? pg::param(nullptr) : pg::param(discarded)});
        };
  letter("a open", "kafka", nullptr, nullptr);
  letter("b replayed long ago", "/troupe/order", "49 hours", nullptr);
  letter("c replayed lately", "/troupe/order", "47 hours", nullptr);
  letter("d discarded long ago", "kafka", nullptr, "49 hours");
  letter("e discarded lately", "kafka", nullptr, "47 hours");
  letter("f our own, discarded long ago", "/troupe/order", nullptr, "49 hours");
  auto old = make_retention(db.conninfo());
  CHECK(old->remove(old_rows::letters, 48h, 10) == 2);
  CHECK(db.value("select string_agg(left(error, 1), '' order by error) from dead_letters")
        == "acef");
  CHECK(old->remove(old_rows::letters, 48h, 10) == 0);
}

TEST_CASE_FIXTURE(post_office, "a read notification loses its text, and is never told again") {
  CHECK(old->remove(old_rows::notifications, 48h, 10) == 1);
  CHECK(left(titles_sql) == ", title new-read, title old-unread");
  CHECK(old->remove(old_rows::notifications, 48h, 10) == 0);
  const auto again = about("old-read");
  CHECK(store->apply({&again, 1}).added.empty());
  CHECK(store->list("ann", false, 10, INT64_MAX).size() == 2);
  CHECK(store->list("", false, 10, INT64_MAX).at(0).message.empty());
  CHECK(db.number("select count(*) from emails") == 3); // theirs is another age
}

TEST_CASE_FIXTURE(post_office, "a sent e-mail goes, and is never sent again") {
  CHECK(old->remove(old_rows::emails, 48h, 10) == 1);
  CHECK(left(subjects_sql) == "title new-read, title old-unread");
  CHECK(left("select string_agg(event_id, ',') from notifications"
             " where email_removed_at is not null")
        == "old-read");
  const auto again = about("old-read");
  CHECK(store->apply({&again, 1}).added.empty());
  CHECK(db.number("select count(*) from emails") == 2);
  CHECK(old->remove(old_rows::emails, 48h, 10) == 0);
}

TEST_CASE("a batch is bounded, begins with the oldest, and passes over what is held") {
  auto& db = emptied(database::orders);
  db.session().script("insert into idempotency_keys select n, 'h', 'o', 1,"
                      " now() - n * interval '1 day' from generate_series(2, 8) n");
  auto old = make_retention(db.conninfo());
  const auto kept = [&] {
    return db.value("select string_agg(scope, '' order by scope) from idempotency_keys");
  };
  CHECK(old->remove(old_rows::keys, 24h, 3) == 3);
  CHECK(kept() == "2345");
  {
    pg::connection other(db.conninfo());
    pg::transaction holds(other);
    other.exec("select from idempotency_keys where scope = '5' for update");
    CHECK(old->remove(old_rows::keys, 24h, 2) == 2);
    CHECK(kept() == "25");
  }
  CHECK(old->remove(old_rows::keys, 24h, 9) == 2);
}
