#include "tests/persistence/audit_violations.hpp"

namespace troupe::test {

namespace {

constexpr auto orders = database::orders;
constexpr auto payments = database::payments;
constexpr auto inventory = database::inventory;
constexpr auto emailing = database::emailing;
constexpr auto gateway = database::gateway;

// A row of a drained stream that is changed counts as written after the fence (13), too.
const std::vector<violation> all = {
    {"a total that is not its lines'",
     orders,
     "update order_items set price = price + 1 where id = 'item2open'",
     {1}},
    {"an order without lines",
     orders,
     "delete from order_items where order_id = 'orderopen'",
     {1, 4}},
    {"lines of no order",
     orders,
     "insert into order_items values ('x', 'nobody', 0, 'p1', 1, 1, '', '')",
     {1}},
    {"one key, two orders",
     orders,
     "alter table idempotency_keys drop constraint idempotency_keys_pkey;"
     "insert into idempotency_keys select 'key-done', body_hash, order_id, version, created_at"
     " from idempotency_keys where scope = 'key-open'",
     {2}},
    {"a key of no step",
     orders,
     "update idempotency_keys set version = 9 where scope = 'key-open'",
     {2}},
    {"a unit too many",
     inventory,
     "alter table products drop constraint products_check;"
     "update products set stock = stock + 1 where id = 'p1'",
     {3}},
    {"stock below zero",
     inventory,
     "alter table products drop constraint products_stock_check;"
     "update products set stock = -1, sold = 2 where id = 'p3'",
     {3}},
    {"a sale that no order made",
     inventory,
     "update products set stock = stock - 1, sold = sold + 1 where id = 'p1'",
     {3}},
    {"an edit of stock that the ledger does not tell",
     inventory,
     "update products set stock = stock + 2, adjusted = adjusted + 2 where id = 'p1'",
     {3}},
    {"a price that the ledger of edits does not tell",
     inventory,
     "insert into stock_ledger select (max(position) >> 39 << 39), null, 9, 'adjust', 'none',"
     " '[{\"productId\":\"p1\",\"quantity\":0,\"price\":7}]', '[]' from watermarks",
     {3}},
    {"an edit of no product",
     inventory,
     "insert into stock_ledger select (max(position) >> 39 << 39), null, 1, 'create', 'none',"
     " '[{\"productId\":\"nothing\",\"quantity\":5,\"price\":7}]', '[]' from watermarks",
     {3}},
    {"a confirmed order's ledger has other lines",
     inventory,
     "update stock_ledger set lines = '[{\"productId\":\"p1\",\"quantity\":3}]'"
     " where order_id = 'orderagain'",
     {4}},
    {"a cancelled order keeps stock",
     inventory,
     "update stock_ledger set moves = 'none' where order_id = 'orderrefunded'"
     " and kind = 'release'",
     {4, 13}},
    {"stock of no order",
     inventory,
     "insert into stock_orders (order_id, state, step) values ('nobody', 'short', 1);"
     "insert into stock_ledger select position + 100000, 'nobody', 1, 'reject', 'none', '[]',"
     " events, at from stock_ledger where order_id = 'ordershort' and kind = 'reject'",
     {4, 10}},
    {"a record that its ledger does not tell",
     inventory,
     "update stock_orders set state = 'short' where order_id = 'orderopen';"
     "update products p set reserved = 0, stock = stock + p.reserved",
     {4}},
    {"two captures",
     payments,
     "update payment_attempts set status = 'CAPTURED', transaction_id = 'x'"
     " where key = 'orderagain:1';"
     "update payment_journal set kind = 'CAPTURED' where kind = 'DECLINED'",
     {5, 6}},
    {"captured less than the total",
     payments,
     "update payment_attempts set amount = amount - 1 where key = 'orderagain:2'",
     {5, 6}},
    {"a refund of what was not captured",
     payments,
     {"insert into payment_journal values (1, 'ordervoided', 1, 9, 'REFUNDED',"
      " '[{\"topic\":\"payment-refunded\",\"key\":\"ordervoided\",\"value\":{}}]')"},
     {5, 10}},
    {"the gateway gave back too much",
     gateway,
     "update ledger set amount = amount + 1 where kind = 'refund'",
     {5, 6}},
    {"a charge that the payments do not know",
     gateway,
     "insert into ledger (key, kind, status, amount) values ('x:1', 'charge', 'captured', 5)",
     {6}},
    {"a capture that the gateway does not know",
     gateway,
     "delete from ledger where key = 'orderagain:2'",
     {6}},
    {"a refund that the gateway refused",
     gateway,
     "update ledger set status = 'refused' where kind = 'refund'",
     {6}},
    {"an attempt never settled",
     payments,
     "update payment_attempts set status = 'PENDING' where key = 'ordervoided:1'",
     {6},
     true},
    {"paid without a capture",
     payments,
     "update payment_attempts set status = 'DECLINED' where key = 'orderdone:1';"
     "update payment_journal set kind = 'DECLINED'"
     " where order_id = 'orderdone' and kind = 'CAPTURED'",
     {6, 7, 13}},
    {"a reservation that has gone while its order lives",
     inventory,
     "update stock_orders set state = 'released', step = step + 1 where order_id = 'orderopen';"
     "insert into stock_ledger select (max(w.position)), 'orderopen', 2, 'release', 'unreserve',"
     " (select lines from stock_ledger where order_id = 'orderopen'), (select"
     "  replace(events::text, 'ordershort', 'orderopen')::json from stock_ledger"
     "  where order_id = 'ordershort' and kind = 'release')"
     " from (select (position >> 39) << 39 as position from watermarks) w;"
     "update products set stock = stock + reserved, reserved = 0",
     {4, 11},
     true},
    {"a voided attempt that the gateway does not know",
     gateway,
     "delete from ledger where key = 'ordervoided:1'",
     {6}},
    {"a payment that says other than its order",
     payments,
     "update payments set status = 'PENDING' where order_id = 'orderagain'",
     {7},
     true},
    {"another transaction than the order's",
     orders,
     "update orders set transaction_id = 'tx' where id = 'orderagain'",
     {7},
     true},
    {"a capture without an order",
     orders,
     "delete from orders where id = 'orderdone';"
     "delete from order_items where order_id = 'orderdone';"
     "delete from idempotency_keys where order_id = 'orderdone'",
     {4, 7, 8}},
    {"a capture whose order knows nothing of it",
     orders,
     "delete from order_status_history where order_id = 'orderagain' and version > 3;"
     "update orders set status = 'PAYMENT_FAILED', payment_status = 'FAILED', version = 3"
     " where id = 'orderagain'",
     {4, 7, 11, 17}},
    {"a gap in a history",
     orders,
     "delete from order_status_history where order_id = 'orderdone' and version = 2",
     {8}},
    {"a version that nobody wrote",
     orders,
     "update orders set version = 2 where id = 'orderopen'",
     {8}},
    {"an illegal step",
     orders,
     "update order_status_history set status = 'PAYMENT_FAILED', payment_status = 'PENDING',"
     " events = replace(events::text, 'order-created', 'payment-failed')::json"
     " where order_id = 'orderopen';"
     "update orders set status = 'PAYMENT_FAILED' where id = 'orderopen'",
     {8}},
    {"a history of no order",
     orders,
     "insert into order_status_history values (1, 'x', 'nobody', 1, 'PAYMENT_PENDING', 'PENDING',"
     " '', '[]', now())",
     {8}},
    {"a step without its event",
     orders,
     "update order_status_history set events = '[]'"
     " where order_id = 'orderopen' and version = 1",
     {9, 17}},
    {"a step with another order's event",
     orders,
     "update order_status_history set events = replace(events::text, 'orderopen', 'orderdone')"
     "::json where order_id = 'orderopen'",
     {9}},
    {"a sale without its event",
     inventory,
     "update stock_ledger set events = '[]' where order_id = 'orderagain' and kind = 'sell'",
     {9}},
    {"a refund without its event",
     payments,
     "update payment_journal set events = '[]' where kind = 'REFUNDED'",
     {9, 13}},
    {"an unpublished event",
     orders,
     "update watermarks set position = position - 1 where stream = (select max(stream) from"
     " streams)",
     {10},
     true},
    {"an order that the inventory never heard of",
     inventory,
     "delete from stock_ledger where order_id = 'orderopen';"
     "delete from stock_orders where order_id = 'orderopen';"
     "update products set stock = stock + reserved, reserved = 0",
     {4, 11, 17}},
    {"a refund that nobody began",
     payments,
     "update payment_attempts set refund = 'NONE' where refund = 'REFUNDED'",
     {6, 7, 11}},
    {"an answer that the orders never heard of",
     orders,
     "delete from order_status_history where order_id = 'orderagain' and status = 'CONFIRMED';"
     "update orders set status = 'PAYMENT_SUCCESS', version = version - 1"
     " where id = 'orderagain'",
     {11, 17}},
    {"a release that the orders never heard of",
     orders,
     "update orders set stock_held = true, deadline_at = now() + interval '1 hour'"
     " where id = 'ordervoided'",
     {11},
     true},
    {"an event applied twice to the stock",
     inventory,
     "drop index stock_ledger_once;"
     "update stock_orders set step = step + 1 where order_id = 'ordershort';"
     "insert into stock_ledger select (max(w.position)), 'ordershort', 3, 'release', 'none',"
     " '[]', (select events from stock_ledger where order_id = 'ordershort'"
     "  and kind = 'release') from (select (position >> 39) << 39 as position from watermarks) w",
     {12}},
    {"an attempt ended twice",
     payments,
     "alter table payment_journal drop constraint payment_journal_order_id_attempt_kind_key;"
     "insert into payment_journal values (1, 'orderagain', 2, 9, 'CAPTURED', '[]')",
     {12}},
    {"an order confirmed twice",
     orders,
     "insert into order_status_history select (position >> 39) << 39, 'x', order_id, 9, status,"
     " payment_status, '', '[]', now() from order_status_history"
     " where order_id = 'orderagain' and status = 'CONFIRMED'",
     {8, 9, 12}},
    {"a step of a fenced process",
     orders,
     "insert into order_status_history select (min(stream) << 39) + 1000, 'x', 'orderopen', 2,"
     " 'PAYMENT_PENDING', 'PENDING', '', '[]', now() from streams where drained;"
     "update orders set status = 'PAYMENT_PENDING', version = 2 where id = 'orderopen'",
     {13}},
    {"stock moved by a fenced process",
     inventory,
     "insert into stock_ledger select (min(stream) << 39) + 1000, null, 1, 'adjust', 'none',"
     " '[]', '[]' from streams where drained",
     {13}},
    {"an attempt begun by a fenced process",
     payments,
     "insert into payment_journal select (min(stream) << 39) + 1000, 'orderdone', 2, 9, 'BEGUN',"
     " '[]' from streams where drained",
     {13}},
    {"a live order past its deadline",
     orders,
     "update orders set deadline_at = now() - interval '2 minutes' where id = 'orderopen'",
     {14}},
    {"a parked event whose order is known",
     inventory,
     "insert into parked_events (order_id, ce_source, ce_id, topic, partition, record_offset,"
     " key, value, created_at) values ('orderopen', 's', 'i', 'payment-success', 0, 1, 'k', '',"
     " now() - interval '1 second')",
     {14},
     true},
    {"a parked notice whose user is known",
     emailing,
     "insert into parked_events (order_id, ce_source, ce_id, topic, partition, record_offset,"
     " key, value, created_at) values ('orderopen', 's', 'i', 'payment-success', 0, 1, 'k', '',"
     " now() - interval '2 minutes')",
     {14}},
    {"a dead letter that waits for the admin",
     payments,
     "insert into dead_letters (consumer, topic, partition, record_offset, ce_source, ce_id, key,"
     " value, error) values ('c', 't', 0, 1, '', '', '', '', 'bad')",
     {15}},
    {"a shard without an owner", orders, "update shards set owner = null where id = 7", {16}},
    {"a shard of an owner that has gone",
     orders,
     "insert into incarnations (name, endpoint, lease_until)"
     " values ('node-2', 'there', now() - interval '2 minutes');"
     "update shards set owner = (select max(incarnation) from incarnations) where id = 7",
     {16}},
    {"a shard of a fenced owner",
     orders,
     "update shards set owner = (select min(incarnation) from incarnations) where id = 7",
     {16}},
    {"a missing notification",
     emailing,
     "delete from emails; delete from notifications",
     {17},
     true},
    {"a notification twice",
     emailing,
     "alter table notifications drop constraint notifications_event_source_event_id_key;"
     "insert into notifications (id, user_id, type, title, message, event_source, event_id)"
     " select 'x', user_id, type, title, message, event_source, event_id"
     " from notifications limit 1;"
     "insert into emails (id, user_id, subject, body) values ('x', 'u', '', '')",
     {17}},
    {"a notification of an event that nobody told",
     emailing,
     "insert into notifications (id, user_id, type, title, message, event_source, event_id)"
     " values ('x', 'u', 'ORDER', '', '', '/troupe/order', 'order-5.0');"
     "insert into emails (id, user_id, subject, body) values ('x', 'u', '', '')",
     {17}},
    {"a notification without its e-mail",
     emailing,
     "delete from emails where id = (select min(id) from emails)",
     {17}},
};

} // namespace

const std::vector<violation>& violations() {
  return all;
}

} // namespace troupe::test
