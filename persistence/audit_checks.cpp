// The list of checks, and those that one statement on one database can make.

#include "persistence/audit_checks.hpp"

#include <array>

namespace troupe::auditing {

namespace {

// A query of one text column `what`, as run_statement wants it: the whole count, and few examples.
#define TROUPE_FOUND(query)                                                                        \
  "select count(*) over (), what from (" query ") as found order by what limit 5"

constexpr statement_part totals[]
    = {{view::orders_after,
        TROUPE_FOUND("select 'order ' || o.id || ': total ' || o.total_amount || ', its lines '"
                     "  || coalesce(sum(i.quantity::bigint * i.price), 0) as what"
                     " from orders o left join order_items i on i.order_id = o.id group by o.id"
                     " having count(i.id) = 0"
                     "  or o.total_amount <> sum(i.quantity::bigint * i.price)")},
       {view::orders_after,
        TROUPE_FOUND("select distinct 'lines of ' || order_id || ', which is no order' as what"
                     " from order_items i where not exists"
                     " (select from orders o where o.id = i.order_id)")}};

constexpr statement_part keys[]
    = {{view::orders_after,
        TROUPE_FOUND("select 'orders ' || min(order_id) || ' and ' || max(order_id)"
                     "  || ' under one key' as what"
                     " from idempotency_keys group by scope having count(distinct order_id) > 1")},
       {view::orders_after,
        TROUPE_FOUND("select 'a key of order ' || k.order_id || ' version ' || k.version"
                     "  || ', which is not in its history' as what"
                     " from idempotency_keys k where k.order_id is not null"
                     "  and not exists (select from order_status_history h"
                     "  where h.order_id = k.order_id and h.version = k.version)")}};

constexpr statement_part stock_sums[] = {
    {view::inventory,
     TROUPE_FOUND("select 'product ' || id || ': initial ' || initial || ' + adjusted '"
                  "  || adjusted || ', stock ' || stock || ' + reserved ' || reserved"
                  "  || ' + sold ' || sold as what from products"
                  " where initial + adjusted <> stock + reserved + sold"
                  "  or least(stock, reserved, sold) < 0")},
    // A product that was not made over HTTP has no row of its making, and none of its first price.
    {view::inventory,
     TROUPE_FOUND(
         "select 'product ' || coalesce(p.id, l.id) || ': initial ' || coalesce(p.initial, 0)"
         "  || ', adjusted ' || coalesce(p.adjusted, 0) || ', price ' || coalesce(p.price, 0)"
         "  || '; its ledger says ' || coalesce(l.made, p.initial, 0) || ', '"
         "  || coalesce(l.moved, 0) || ' and ' || coalesce(l.price, p.price, 0) as what"
         " from products p full join ("
         "  select line ->> 'productId' as id,"
         "   sum((line ->> 'quantity')::bigint) filter (where kind = 'create') as made,"
         "   sum((line ->> 'quantity')::bigint) filter (where kind = 'adjust') as moved,"
         "   (array_agg((line ->> 'price')::bigint order by step desc)"
         "    filter (where line ->> 'price' is not null))[1] as price"
         "  from stock_ledger cross join json_array_elements(lines) line"
         "  where order_id is null group by 1) l on l.id = p.id"
         " where (p.initial, p.adjusted, p.price) is distinct from"
         "  (coalesce(l.made, p.initial), coalesce(l.moved, 0), coalesce(l.price, p.price))")},
    {view::inventory,
     TROUPE_FOUND(
         "select 'product ' || coalesce(p.id, h.id) || ': reserved ' || coalesce(p.reserved, 0)"
         "  || ' and sold ' || coalesce(p.sold, 0) || ', its orders hold '"
         "  || coalesce(h.reserved, 0) || ' and ' || coalesce(h.sold, 0) as what"
         " from products p full join ("
         "  select line ->> 'productId' as id,"
         "   sum((line ->> 'quantity')::bigint) filter (where state = 'reserved') as reserved,"
         "   sum((line ->> 'quantity')::bigint) filter (where state = 'sold') as sold"
         "  from stock_orders cross join json_array_elements(lines) line"
         "  where state in ('reserved', 'sold') group by 1) h on h.id = p.id"
         " where coalesce(p.reserved, 0) <> coalesce(h.reserved, 0)"
         "  or coalesce(p.sold, 0) <> coalesce(h.sold, 0)")}};

constexpr statement_part stock_records[]
    = {{view::inventory,
        TROUPE_FOUND("select 'order ' || o.order_id || ': ' || o.state || ' at step ' || o.step"
                     "  || ', its ledger ends with ' || coalesce(l.kind, 'nothing')"
                     "  || ' at ' || coalesce(l.step, 0) as what"
                     " from stock_orders o left join ("
                     "  select distinct on (order_id) order_id, step, kind from stock_ledger"
                     "  where order_id is not null order by order_id, step desc) l using (order_id)"
                     " where o.step <> coalesce(l.step, 0)"
                     "  or o.state <> case l.kind when 'reserve' then 'reserved'"
                     "   when 'reject' then 'short' when 'sell' then 'sold'"
                     "   when 'release' then 'released' else 'unknown' end")}};
constexpr compare_part stock_of_orders[]
    = {{orders_and_ledger}, {unsold_orders, true}, {stock_without_order}};

constexpr statement_part captures[]
    = {{view::payments_after,
        TROUPE_FOUND("select 'order ' || order_id || ': ' || count(*) || ' captures' as what"
                     " from payment_attempts where status = 'CAPTURED'"
                     " group by order_id having count(*) > 1")},
       {view::payments_after,
        TROUPE_FOUND("select 'order ' || order_id || ': more refunds than captures' as what"
                     " from payment_journal group by order_id"
                     " having count(*) filter (where kind = 'REFUNDED')"
                     "  > count(*) filter (where kind = 'CAPTURED')")},
       {view::payments_after,
        TROUPE_FOUND("select 'attempt ' || key || ': ' || status || ', refund ' || refund"
                     "  || ', unlike its journal' as what from payment_attempts a"
                     " where (status <> 'PENDING' and not exists (select from payment_journal j"
                     "   where j.order_id = a.order_id and j.attempt = a.attempt"
                     "   and j.kind = a.status))"
                     "  or (refund in ('REFUNDED', 'REFUSED') and not exists ("
                     "   select from payment_journal j where j.order_id = a.order_id"
                     "   and j.attempt = a.attempt and j.kind = a.refund))"
                     "  or (refund <> 'NONE' and status <> 'CAPTURED')")},
       {view::gateway,
        TROUPE_FOUND("select 'charge ' || r.charge_key || ': refunded ' || sum(r.amount) || ' of '"
                     "  || coalesce(max(c.amount), 0) as what"
                     " from ledger r left join ledger c"
                     "  on c.key = r.charge_key and c.kind = 'charge' and c.status = 'captured'"
                     " where r.kind = 'refund' and r.status = 'refunded' group by r.charge_key"
                     " having sum(r.amount) > coalesce(max(c.amount), 0)")}};
constexpr compare_part capture_amounts[] = {{captures_and_totals}};

constexpr compare_part books[] = {{.compare = books_and_attempts, .needs_gateway = true},
                                  {.compare = attempts_and_books, .needs_gateway = true}};

constexpr compare_part paid[]
    = {{paid_without_capture}, {payments_and_orders, true}, {capture_without_order}};

constexpr statement_part history[]
    = {{view::orders_after,
        TROUPE_FOUND("select distinct 'history of ' || order_id || ', which is no order' as what"
                     " from order_status_history h where not exists"
                     " (select from orders o where o.id = h.order_id)")}};
constexpr compare_part steps[] = {{histories}};

#define TROUPE_TOPICS                                                                              \
  " cross join lateral (select coalesce(string_agg(e ->> 'topic', ', ' order by n), '') as list"   \
  "  from json_array_elements(events) with ordinality as x(e, n)) topics"

// A movement of stock may also say that a product runs low.
constexpr statement_part step_events[] = {
    {view::inventory,
     TROUPE_FOUND("select 'ledger of ' || order_id || ' step ' || step || ': ' || kind"
                  "  || ' carries [' || topics.list || ']' as what from stock_ledger" TROUPE_TOPICS
                  " where order_id is not null"
                  " and regexp_replace(topics.list, '(^|, )notification-requested', '', 'g')"
                  "  <> case kind when 'reserve' then '' when 'reject' then 'inventory-rejected'"
                  "   when 'sell' then 'inventory-updated' when 'release'"
                  "   then 'inventory-released' else 'an unknown kind' end")},
    {view::payments_after,
     TROUPE_FOUND(
         "select 'payment of ' || order_id || ' step ' || step || ': ' || kind"
         "  || ' carries [' || topics.list || ']' as what from payment_journal" TROUPE_TOPICS
         " where topics.list"
         "  <> case kind when 'REFUNDED' then 'payment-refunded' else '' end")}};
constexpr compare_part order_events[] = {{events_of_orders}};

#undef TROUPE_TOPICS

#define TROUPE_UNPUBLISHED(journal)                                                                \
  TROUPE_FOUND("select '" journal " ' || j.position || ' of stream ' || (j.position >> 39)"        \
               "  || ', published up to ' || coalesce(w.position, 0) as what"                      \
               " from " journal " j left join watermarks w on w.stream = j.position >> 39"         \
               " where json_array_length(j.events) > 0 and j.position > coalesce(w.position, 0)")

constexpr statement_part unpublished[]
    = {{view::orders_after, TROUPE_UNPUBLISHED("order_status_history"), true},
       {view::inventory, TROUPE_UNPUBLISHED("stock_ledger"), true},
       {view::payments_after, TROUPE_UNPUBLISHED("payment_journal"), true}};

#undef TROUPE_UNPUBLISHED

constexpr compare_part lost_events[]
    = {{events_at_inventory, true}, {events_at_payments, true}, {answers_at_orders, true}};

constexpr statement_part applied_twice[]
    = {{view::inventory,
        TROUPE_FOUND("select 'stock of ' || order_id || ': ' || kind || ' ' || count(*) || ' times'"
                     " as what from stock_ledger where order_id is not null"
                     " group by order_id, kind having count(*) > 1")},
       {view::payments_after,
        TROUPE_FOUND("select 'attempt ' || order_id || ':' || attempt || ': ' || kind || ' '"
                     "  || count(*) || ' times' as what from payment_journal"
                     " group by order_id, attempt, kind having count(*) > 1")},
       {view::orders_after,
        TROUPE_FOUND("select 'order ' || order_id || ': ' || status || '/' || payment_status || ' '"
                     "  || count(*) || ' times' as what from order_status_history"
                     " where status = 'CONFIRMED' or payment_status = 'REFUNDED'"
                     " group by order_id, status, payment_status having count(*) > 1")}};

// Whoever fences takes the stream's lock and then notes what it sees as committed (`closed`): what
// is not in that was committed later. A row's 32-bit transaction id is the one of its value that is
// nearest to the snapshot; rows of long before it may have wrapped, and are not looked at.
#define TROUPE_FENCED(journal, time)                                                               \
  TROUPE_FOUND("select '" journal " ' || j.position || ' by incarnation ' || s.incarnation"        \
               "  || ', after its stream ' || s.stream || ' had been closed' as what"              \
               " from " journal " j join streams s on s.stream = j.position >> 39"                 \
               " cross join lateral (select pg_snapshot_xmax(s.closed)::text::bigint as xid) m"    \
               " where j." time " > s.closed_at - interval '1 day' and not pg_visible_in_snapshot" \
               "((m.xid - 2147483648 + ((j.xmin::text::bigint - m.xid + 2147483648)"               \
               "  & 4294967295))::text::xid8, s.closed)")

constexpr statement_part after_fence[]
    = {{view::orders_after, TROUPE_FENCED("order_status_history", "\"timestamp\"")},
       {view::inventory, TROUPE_FENCED("stock_ledger", "at")},
       {view::payments_after, TROUPE_FENCED("payment_journal", "at")}};

#undef TROUPE_FENCED

// Ages are counted to the moment of the snapshot (`now()`): the look itself may take minutes.
#define TROUPE_PARKED(known)                                                                       \
  TROUPE_FOUND("select 'parked ' || p.topic || ' of ' || p.order_id || ', which is known' as what" \
               " from parked_events p"                                                             \
               " where p.created_at < now() - current_setting('troupe.grace')::interval"           \
               " and exists (select from " known ")")

constexpr statement_part overdue[]
    = {{view::orders_after,
        TROUPE_FOUND("select 'order ' || id || ': ' || status || ', overdue since '"
                     "  || to_char(deadline_at, 'YYYY-MM-DD HH24:MI:SS') as what from orders"
                     " where deadline_at < now() - interval '60 seconds'")},
       {view::orders_after, TROUPE_PARKED("orders o where o.id = p.order_id")},
       {view::payments_after, TROUPE_PARKED("payments o where o.order_id = p.order_id")},
       {view::inventory,
        TROUPE_PARKED("stock_orders o where o.order_id = p.order_id and o.state <> 'unknown'")},
       {view::emailing,
        TROUPE_PARKED("order_users o where o.order_id = p.order_id and o.user_id is not null")}};

#undef TROUPE_PARKED

constexpr std::string_view dead_sql
    = TROUPE_FOUND("select consumer || ': ' || topic || '/' || partition || ' offset '"
                   "  || record_offset || ': ' || left(error, 100) as what from dead_letters"
                   " where replayed_at is null and discarded_at is null");

constexpr statement_part dead[] = {{view::orders_after, dead_sql},
                                   {view::payments_after, dead_sql},
                                   {view::inventory, dead_sql},
                                   {view::emailing, dead_sql}};

// A lease is renewed every second: some seconds after its end nobody is there any more. Between the
// end of an owner, in order or not, and the claim of the next one a shard has none for a moment; so
// it has when a node starts. When no node lives at all, the shop is closed.
#define TROUPE_LIVES "not i.fenced and i.lease_until > now() - interval '10 seconds'"
#define TROUPE_LONG_AGO "now() - current_setting('troupe.grace')::interval"

constexpr statement_part owners[]
    = {{view::orders_after,
        TROUPE_FOUND("select 'shard ' || s.id || ': ' || case when s.owner is null then 'no owner'"
                     "  when i.fenced then 'its owner ' || s.owner || ' is fenced'"
                     "  else 'the lease of its owner ' || s.owner || ' is over' end as what"
                     " from shards s left join incarnations i on i.incarnation = s.owner"
                     " where (" TROUPE_LIVES ") is not true"
                     "  and (s.owner is null or i.lease_until < " TROUPE_LONG_AGO ")"
                     "  and exists (select from incarnations i where " TROUPE_LIVES
                     "    and i.started_at < " TROUPE_LONG_AGO ")")}};

#undef TROUPE_LONG_AGO
#undef TROUPE_LIVES

constexpr statement_part notifications[]
    = {{view::emailing,
        TROUPE_FOUND("select event_id || ': ' || count(*) || ' notifications' as what"
                     " from notifications group by event_source, event_id having count(*) > 1")},
       {view::emailing, TROUPE_FOUND("select 'notification ' || n.id || ': no e-mail' as what"
                                     " from notifications n where email_removed_at is null"
                                     " and not exists (select from emails e where e.id = n.id)")}};
constexpr compare_part notified[] = {{invented_notifications}, {missing_notifications, true}};

#undef TROUPE_FOUND

constexpr std::array<check, 17> list{{{1, "order-total", totals, {}},
                                      {2, "one-key-one-order", keys, {}},
                                      {3, "stock-sum", stock_sums, {}},
                                      {4, "stock-of-orders", stock_records, stock_of_orders},
                                      {5, "captures", captures, capture_amounts},
                                      {6, "gateway-books", {}, books},
                                      {7, "paid-and-captured", {}, paid},
                                      {8, "history", history, steps},
                                      {9, "events-of-steps", step_events, order_events},
                                      {10, "unpublished", unpublished, {}},
                                      {11, "lost-events", {}, lost_events},
                                      {12, "applied-twice", applied_twice, {}},
                                      {13, "written-after-fence", after_fence, {}},
                                      {14, "overdue", overdue, {}},
                                      {15, "dead-letters", dead, {}},
                                      {16, "shard-owners", owners, {}},
                                      {17, "notifications", notifications, notified}}};

} // namespace

std::span<const check> all_checks() {
  return list;
}

} // namespace troupe::auditing
