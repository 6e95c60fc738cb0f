#include "persistence/retention.hpp"

#include "domain/names.hpp"
#include "persistence/pg.hpp"

namespace troupe {

namespace {

constexpr names::table<4> kinds = {"idempotency_keys", "dead_letters", "notifications", "emails"};

// The oldest first, by an index (which a volatile clock could not search); what another node or a
// request holds waits for the next batch.
#define TROUPE_REMOVE(key, table, condition, time, removal)                                        \
  "with old as materialized (select " key " from " table " where " condition " and " time          \
  " < statement_timestamp() - $1::bigint * interval '1 hour'"                                      \
  " order by " time " limit $2::integer for update skip locked)" removal

// Whoever meets a key of that age replaces it.
constexpr std::string_view keys_sql
    = TROUPE_REMOVE("scope", "idempotency_keys", "true", "created_at",
                    " delete from idempotency_keys k using old where k.scope = old.scope");

// A discarded event of our own has had no effect, and the letter is all that says why: the audit
// would miss that effect.
constexpr std::string_view letters_sql
    = TROUPE_REMOVE("id", "dead_letters",
                    "(replayed_at is not null"
                    " or (discarded_at is not null and ce_source not like '/troupe/%'))",
                    "coalesce(replayed_at, discarded_at)",
                    " delete from dead_letters d using old where d.id = old.id");

// The row stays as the event's tombstone: the same event, published again, finds it. Nobody has the
// empty user id, so no list shows it.
constexpr std::string_view notifications_sql
    = TROUPE_REMOVE("id", "notifications", "is_read and user_id <> ''", "created_at",
                    " update notifications n set user_id = '', title = '', message = '',"
                    "  order_id = null from old where n.id = old.id");

// Its notification keeps the event's id, and knows that there was one.
constexpr std::string_view emails_sql
    = TROUPE_REMOVE("id", "emails", "status = 'SENT'", "sent_at",
                    ", gone as (delete from emails e using old where e.id = old.id returning e.id)"
                    " update notifications n set email_removed_at = clock_timestamp()"
                    " from gone where n.id = gone.id");

#undef TROUPE_REMOVE

std::string_view sql_of(old_rows what) {
  switch (what) {
    case old_rows::keys:
      return keys_sql;
    case old_rows::letters:
      return letters_sql;
    case old_rows::notifications:
      return notifications_sql;
    case old_rows::emails:
      break;
  }
  return emails_sql;
}

class pg_retention : public retention {
public:
  explicit pg_retention(std::string conninfo) : up_(std::move(conninfo)) {}

  int remove(old_rows what, std::chrono::hours age, int limit) override {
    const pg::statement statement{sql_of(what), {int64_t{age.count()}, limit}};
    return up_.run(
        [&](pg::connection& on) { return static_cast<int>(on.exec(statement).affected()); });
  }

private:
  pg::lazy_connection up_;
};

} // namespace

std::string_view to_string(old_rows what) {
  return names::name_of(kinds, what);
}

std::unique_ptr<retention> make_retention(std::string conninfo) {
  return std::make_unique<pg_retention>(std::move(conninfo));
}

} // namespace troupe
