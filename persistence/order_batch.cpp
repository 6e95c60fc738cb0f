#include "persistence/order_batch.hpp"

#include <unordered_map>

namespace troupe {

namespace {

// expected = 0: a creation; the key first, the order only if the key is ours.
// expected > 0: a transition or, with advances false, a touch; the order first, the key only if
// the order moved. A key past its life is replaced where it is met. Keys are taken in sorted
// order and rows locked in the order of their ids, so that two batches cannot deadlock. `or` makes
// PostgreSQL hash the sets that it would else, expecting one row, compare each with each.
constexpr std::string_view batch_sql = R"(
with ws as materialized (
  select t.*, statement_timestamp() as now
  from unnest($1::int[], $2::text[], $3::int[], $4::bool[], $5::int2[], $6::text[], $7::text[],
    $8::text[], $9::int8[], $10::text[], $11::float8[], $12::int8[], $13::text[], $14::text[],
    $15::text[], $16::text[], $17::text[], $18::int[], $19::text[], $20::bool[], $21::int[])
  as t(idx, id, expected, advances, shard, usr, status, pay, total, address, ttl, position, history,
    message, events, scope, hash, attempt, transaction, held, rounds)),
new_key as (
  insert into idempotency_keys as k (scope, body_hash, order_id, version, created_at)
  select distinct on (scope) scope, hash, id, 1, now from ws
  where expected = 0 and scope is not null
    and not exists (select from orders o where o.id = ws.id)
  order by scope, idx
  on conflict (scope) do update set body_hash = excluded.body_hash, order_id = excluded.order_id,
    version = excluded.version, created_at = excluded.created_at
    where k.created_at < excluded.created_at - $30::int8 * interval '1 second'
  returning scope, order_id),
ins as (
  insert into orders (id, user_id, total_amount, status, payment_status, created_at, updated_at,
    shipping_address, version, shard, attempt, transaction_id, stock_held, rounds, deadline_at)
  select id, usr, total, status, pay, now, now, address::json, 1, shard, attempt, transaction,
    held, rounds, now + ttl * interval '1 second'
  from ws
  where expected = 0 and (scope is null or (scope, id) in (select scope, order_id from new_key))
  on conflict (id) do nothing returning id),
locked as materialized (
  select o.id from orders o
  where o.id in (select id from ws where expected > 0) order by o.id for no key update),
upd as (
  update orders o set
    status = case when s.advances then s.status else o.status end,
    payment_status = case when s.advances then s.pay else o.payment_status end,
    version = o.version + s.advances::int,
    updated_at = case when s.advances then s.now else o.updated_at end,
    attempt = s.attempt, transaction_id = s.transaction, stock_held = s.held, rounds = s.rounds,
    deadline_at = s.now + s.ttl * interval '1 second'
  from ws s, locked l
  where s.expected > 0 and l.id = s.id and o.id = l.id and o.version = s.expected
  returning s.idx),
done as materialized (
  select * from ws where expected = 0 and (id is null or id in (select id from ins))
  union all select ws.* from ws join upd using (idx)),
old_key as (
  insert into idempotency_keys as k (scope, body_hash, order_id, version, created_at)
  select distinct on (scope) scope, hash, id, expected + 1, now from done
  where expected > 0 and advances and scope is not null order by scope, idx
  on conflict (scope) do update set body_hash = excluded.body_hash, order_id = excluded.order_id,
    version = excluded.version, created_at = excluded.created_at
    where k.created_at < excluded.created_at - $30::int8 * interval '1 second'),
item as (
  insert into order_items (id, order_id, line, product_id, quantity, price, product_name, image_url)
  select i.id, d.id, i.line, i.product, i.quantity, i.price, i.name, i.image
  from done d join unnest($22::int[], $23::text[], $24::int2[], $25::text[], $26::int[], $27::int8[],
    $28::text[], $29::text[]) i(idx, id, line, product, quantity, price, name, image) using (idx)),
history as (
  insert into order_status_history (position, id, order_id, version, status, payment_status,
    message, events, "timestamp")
  select position, history, id, expected + 1, status, pay, message, events::json, now from done
  where advances)
select ws.idx, d.idx is not null, ws.expected = 0, (extract(epoch from ws.now) * 1000000)::int8
from ws left join done d using (idx) order by ws.idx)";

constexpr std::string_view earlier_sql
    = "select scope, order_id, version, body_hash from idempotency_keys"
      " where scope = any($1::text[])";

/// The batch's parameters, column by column.
struct columns {
  std::vector<int> index, expected, shard, attempt, rounds;
  std::vector<bool> advances, held;
  std::vector<std::string_view> id, user, status, payment, message, transaction;
  std::vector<std::string> history, events;
  std::vector<std::optional<std::string_view>> address, scope, hash;
  std::vector<int64_t> total, at;
  std::vector<std::optional<double>> ttl;
  std::vector<int> item_index, item_line, item_quantity;
  std::vector<std::string_view> item_id, item_product, item_name, item_image;
  std::vector<int64_t> item_price;

  void add(const write_set& set, position where, const id_source& ids);
  void add_items(const write_set& set);
};

void columns::add(const write_set& set, position where, const id_source& ids) {
  const auto& o = set.current;
  const auto& s = set.step;
  const bool creation = o.version == 0;
  if (creation)
    add_items(set);
  index.push_back(static_cast<int>(index.size()));
  id.emplace_back(o.id);
  expected.push_back(o.version);
  advances.push_back(s.advances);
  shard.push_back(shard_of(o.id));
  user.emplace_back(o.user_id);
  status.push_back(to_string(s.status));
  payment.push_back(to_string(s.payment));
  total.push_back(o.total);
  address.push_back(creation ? std::optional<std::string_view>(o.shipping_address) : std::nullopt);
  ttl.push_back(s.ttl ? std::optional<double>(static_cast<double>(s.ttl->count())) : std::nullopt);
  at.push_back(where);
  history.push_back(s.advances ? ids() : std::string());
  message.emplace_back(s.message);
  events.push_back(s.advances ? encode_events(s.events) : std::string());
  scope.push_back(set.key ? std::optional<std::string_view>(set.key->scope) : std::nullopt);
  hash.push_back(set.key ? std::optional<std::string_view>(set.key->body_hash) : std::nullopt);
  attempt.push_back(s.attempt);
  transaction.emplace_back(s.transaction_id);
  held.push_back(s.stock_held);
  rounds.push_back(s.rounds);
}

void columns::add_items(const write_set& set) {
  int line = 0;
  for (const auto& each : set.current.lines) {
    item_index.push_back(static_cast<int>(index.size()));
    item_id.emplace_back(each.id);
    item_line.push_back(line++);
    item_product.emplace_back(each.product_id);
    item_quantity.push_back(each.quantity);
    item_price.push_back(each.price);
    item_name.emplace_back(each.name);
    item_image.emplace_back(each.image_url);
  }
}

} // namespace

std::vector<pg::statement> batch_statements(std::span<const write_set> sets,
                                            std::span<const position> positions,
                                            const id_source& ids, std::chrono::seconds key_life) {
  columns c;
  std::vector<std::string_view> scopes;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    c.add(sets[i], positions[i], ids);
    if (sets[i].current.version == 0 && sets[i].key)
      scopes.emplace_back(sets[i].key->scope);
  }
  std::vector<pg::statement> all;
  all.push_back(
      {batch_sql,
       {c.index,         c.id,         c.expected,  c.advances,    c.shard,
        c.user,          c.status,     c.payment,   c.total,       c.address,
        c.ttl,           c.at,         c.history,   c.message,     c.events,
        c.scope,         c.hash,       c.attempt,   c.transaction, c.held,
        c.rounds,        c.item_index, c.item_id,   c.item_line,   c.item_product,
        c.item_quantity, c.item_price, c.item_name, c.item_image,  int64_t{key_life.count()}}});
  if (!scopes.empty())
    all.push_back({earlier_sql, {scopes}});
  return all;
}

std::vector<commit_result> batch_results(std::span<const write_set> sets,
                                         std::span<const position> positions,
                                         std::span<const pg::result> answers) {
  std::unordered_map<std::string, earlier_use> used;
  if (answers.size() > 1)
    for (int i = 0; i < answers[1].rows(); ++i)
      used[answers[1].text(i, 0)]
          = {answers[1].text(i, 1), answers[1].small(i, 2), answers[1].text(i, 3)};

  const auto& rows = answers.front();
  std::vector<commit_result> all(sets.size());
  for (int i = 0; i < rows.rows(); ++i) {
    const auto at = static_cast<std::size_t>(rows.integer(i, 0));
    const auto& set = sets[at];
    auto& one = all[at];
    if (rows.boolean(i, 1)) {
      one.outcome = commit_outcome::committed;
      one.time = rows.time(i, 3);
      if (!set.step.advances)
        continue;
      one.at = positions[at];
      for (const auto& each : set.step.events)
        one.events.push_back({service::order, one.at, static_cast<int32_t>(one.events.size()),
                              set.current.version + 1, one.time, each});
    } else if (rows.boolean(i, 2)) {
      one.outcome = commit_outcome::duplicate;
      if (auto found = set.key ? used.find(set.key->scope) : used.end(); found != used.end())
        one.earlier = found->second;
    } else {
      one.outcome = commit_outcome::conflict;
    }
  }
  return all;
}

} // namespace troupe
