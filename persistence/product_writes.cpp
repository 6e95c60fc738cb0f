#include "persistence/product_writes.hpp"

#include "persistence/product_rows.hpp"

#include <utility>

namespace troupe::pg {

namespace {

constexpr std::string_view lock_product_sql
    = "select " TROUPE_PRODUCT_COLUMNS " from products where id = $1::text for update";

// What is edited in stock is no unit of any order: `adjusted` keeps the sum.
constexpr std::string_view update_sql
    = "update products set name = $2::text, description = $3::text, category = $4::text,"
      " image_url = $5::text, price = $6::bigint, adjusted = adjusted + $7::bigint - stock,"
      " stock = $7::bigint, active = $8::boolean, version = version + 1,"
      " updated_at = clock_timestamp(), changed_by = pg_current_xact_id()"
      " where id = $1::text returning " TROUPE_PRODUCT_COLUMNS;

constexpr std::string_view insert_sql
    = "insert into products (id, name, description, category, image_url, price, stock, initial,"
      " active) values ($1::text, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::bigint,"
      " $7::bigint, $8::boolean) on conflict (id) do nothing returning " TROUPE_PRODUCT_COLUMNS;

constexpr std::string_view write_ledger_sql
    = "insert into stock_ledger (position, step, kind, moves, lines, events)"
      " values ($1::bigint, $2::integer, $3::text, 'none', $4::json, $5::json)"
      " returning (extract(epoch from at) * 1000000)::bigint";

// An expired key is replaced where it is met. Whoever comes while another uses the key waits here.
constexpr std::string_view take_key_sql
    = "insert into idempotency_keys (scope, body_hash, product_id) values ($1::text, $2::text,"
      " $3::text) on conflict (scope) do update set body_hash = excluded.body_hash,"
      " product_id = excluded.product_id, created_at = clock_timestamp()"
      " where idempotency_keys.created_at <= clock_timestamp() - $4::int8 * interval '1 second'"
      " returning 1";

constexpr std::string_view used_key_sql
    = "select k.body_hash, p.id, (extract(epoch from p.created_at) * 1000000)::bigint"
      " from idempotency_keys k join products p on p.id = k.product_id where k.scope = $1::text";

std::vector<param> columns_of(const product& p) {
  return {p.id, p.name, p.description, p.category, p.image_url, p.price, p.stock, p.active};
}

/// The key's first answer: what the same body made, at its first version.
edited_product earlier(connection& on, const product_edit& e) {
  using kind = edited_product::kind;
  const auto rows = on.exec(used_key_sql, {e.key->scope});
  if (rows.rows() == 0 || rows.view(0, 0) != e.key->body_hash)
    return {kind::key_reused, {}, {}};
  edited_product answer{kind::repeated, edited({}, e), {}};
  answer.now.id = rows.text(0, 1);
  answer.now.created_at = answer.now.updated_at = rows.time(0, 2);
  answer.now.version = 1;
  return answer;
}

/// Writes the ledger row of a written product and completes the result with its events.
edited_product note(stream_session& session, const product& before, product after,
                    const product_edit& e, int64_t low_stock) {
  const auto notices = edit_notices(before, after, low_stock, e.traceparent);
  const auto at = session.next_position();
  const auto time = session.db()
                        .exec(write_ledger_sql, {at, after.version, e.creates ? "create" : "adjust",
                                                 edit_lines(before, after), encode_events(notices)})
                        .time(0, 0);
  edited_product result{edited_product::kind::written, std::move(after), {}};
  int32_t index = 0;
  for (const auto& notice : notices)
    result.events.push_back(
        {{service::inventory, at, index++, result.now.version, time, notice}, true});
  return result;
}

edited_product create(stream_session& session, const product_edit& e, int64_t low_stock,
                      std::chrono::seconds key_life) {
  auto& on = session.db();
  if (e.key
      && on.exec(take_key_sql, {e.key->scope, e.key->body_hash, e.id, int64_t{key_life.count()}})
                 .rows()
             == 0)
    return earlier(on, e);
  const auto rows = on.exec(insert_sql, columns_of(edited({}, e)));
  if (rows.rows() == 0)
    return {edited_product::kind::taken, {}, {}};
  return note(session, {}, read_product(rows, 0), e, low_stock);
}

edited_product change(stream_session& session, const product_edit& e, int64_t low_stock) {
  using kind = edited_product::kind;
  const auto found = session.db().exec(lock_product_sql, {e.id});
  if (found.rows() == 0)
    return {kind::unknown, {}, {}};
  const auto before = read_product(found, 0);
  if (!allows(e, before.version))
    return {kind::moved_on, {}, {}};
  const auto after = edited(before, e);
  if (same_product(before, after))
    return {kind::repeated, before, {}};
  const auto rows = session.db().exec(update_sql, columns_of(after));
  return note(session, before, read_product(rows, 0), e, low_stock);
}

} // namespace

edited_product write_edit(stream_session& session, const product_edit& e, int64_t low_stock,
                          std::chrono::seconds key_life) {
  transaction all(session.db());
  auto result = e.creates ? create(session, e, low_stock, key_life) : change(session, e, low_stock);
  if (result.what == edited_product::kind::written)
    all.commit();
  return result;
}

} // namespace troupe::pg
