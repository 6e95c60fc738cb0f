"""Events that come again and again, backwards, of orders nobody knows, or broken."""

import secrets

import audit
from client import until
from test_walk import TOPICS, walk

PARTITIONS = 12  # of each topic, as the program makes them
STATE = {
    "orders": ["select * from orders order by id",
               "select position, order_id, version, status from order_status_history order by 1",
               "select count(*) from dead_letters", "select count(*) from parked_events"],
    "payments": ["select order_id, status, transaction_id, step from payments order by 1",
                 "select order_id, attempt, status, refund from payment_attempts order by 1, 2",
                 "select position, kind from payment_journal order by 1",
                 "select count(*) from dead_letters", "select count(*) from parked_events"],
    "inventory": ["select id, stock, reserved, sold from products order by id",
                  "select order_id, state, step from stock_orders order by 1",
                  "select position, kind from stock_ledger order by 1",
                  "select count(*) from dead_letters", "select count(*) from parked_events"],
    "emailing": ["select id, event_source, event_id from notifications order by id",
                 "select id from emails order by id",  # the sweep sends them meanwhile
                 "select count(*) from dead_letters", "select count(*) from parked_events"],
    "gateway": ["select key, status, amount, calls from ledger order by key"],
}


def state(troupe):
    return {(database, sql): troupe.db.run(database, sql)
            for database, queries in STATE.items() for sql in queries}


def await_consumed(troupe):
    """Every group has read and finished everything; twice, since an answer may be on its way."""
    def unread():
        lines = troupe.client().get("/metrics").body.decode().splitlines()
        return [line for line in lines if line.startswith(("troupe_kafka_consumer_lag{",
                "troupe_kafka_consumer_in_work{")) and float(line.rsplit(" ", 1)[1]) != 0]
    for _ in range(2):
        until(unread, lambda left: not left, limit=30, pause=0.5)


def repeat_backwards(troupe, client, broker, orders):
    """All records of the orders, the youngest first, each twenty times."""
    records = [r for order in orders for r in broker.records_of(TOPICS, order)]
    assert len({record.topic for record in records}) >= 9
    records.sort(key=lambda r: r.headers["ce_time"], reverse=True)
    for _ in range(4):
        for record in records:
            broker.again(record, times=5)
    # An order that is placed now has its events behind all of these.
    late = client.new_order(troupe.new_product())
    client.pay(late)
    client.await_order(late, "CONFIRMED")
    await_consumed(troupe)


def test_twenty_times_and_backwards(troupe, client, broker):
    completed, _ = walk(troupe, client, troupe.new_product(), "repeat-1")
    refunded = client.new_order(troupe.new_product(), 2, user="repeat-2")
    client.pay(refunded, user="repeat-2")
    client.await_order(refunded, "CONFIRMED", user="repeat-2")
    assert client.post(f"/orders/{refunded}/cancel", user="repeat-2").status == 200
    client.await_order(refunded, lambda now: now["paymentStatus"] == "REFUNDED", user="repeat-2")
    audit.await_sound(troupe)
    before = state(troupe)
    repeat_backwards(troupe, client, broker, (completed, refunded))
    audit.await_sound(troupe)
    after = state(troupe)
    for key, rows in before.items():
        changed = [row for row in rows if row not in after[key]]
        assert not changed, (key, changed)


def dead_letters(troupe, database):
    return troupe.db.run(database, "select consumer, topic, convert_from(key, 'UTF8'), value::text,"
                         " tombstone, error from dead_letters")


def test_what_cannot_be_applied_becomes_a_dead_letter_and_the_rest_goes_on(troupe, client, broker):
    stranger = "c" + secrets.token_hex(12)
    audit.await_sound(troupe)
    before = state(troupe)
    broken = secrets.token_hex(4)
    for partition in range(PARTITIONS):
        broker.produce("order-created", f"{broken}-{partition}", b'{"orderId":', partition=partition)
        broker.produce("payment-success", f"{broken}-{partition}", None, partition=partition)
    broker.produce("inventory-updated", stranger,
                   b'{"orderId":"%s","items":[{"productId":"x","quantity":1}]}' % stranger.encode())
    broker.produce("payment-refunded", stranger, b'{"orderId":"%s","amount":1}' % stranger.encode())

    def letters(database, key):
        return [row for row in dead_letters(troupe, database) if row[2].startswith(key)]
    for database in ("inventory", "emailing"):
        found = until(lambda: letters(database, broken), lambda rows: len(rows) >= 2 * PARTITIONS)
        assert sorted(row[1] for row in found) == (
            ["order-created"] * PARTITIONS + ["payment-success"] * PARTITIONS)
        assert all(row[4] is (row[1] == "payment-success") and row[5] for row in found)
    strange = until(lambda: letters("orders", stranger), lambda rows: len(rows) >= 2)
    assert sorted(row[1] for row in strange) == ["inventory-updated", "payment-refunded"]

    for _ in range(2 * PARTITIONS):  # over all of them, or nearly so
        order = client.new_order(troupe.new_product())
        client.pay(order)
        client.await_order(order, "CONFIRMED")
    audit.await_sound(troupe, expected=["dead-letters"])
    after = state(troupe)
    for (database, sql), rows in before.items():
        if "dead_letters" not in sql and "count" not in sql:
            assert not [row for row in rows if row not in after[database, sql]], sql


def test_an_event_that_is_early_waits_for_its_order(troupe, broker):
    """payment-success before order-created: parked, applied when the order is known."""
    product = troupe.new_product(stock=20)
    order = "c" + secrets.token_hex(12)
    value = b'{"orderId":"%s"}' % order.encode()
    broker.produce("payment-success", order, value)
    until(lambda: troupe.db.run("inventory", "select 1 from parked_events where order_id = %s",
                                (order,)))
    broker.produce("order-created", order, (
        b'{"orderId":"%s","userId":"early","items":[{"productId":"%s","quantity":2,"price":12.5}],'
        b'"totalAmount":25,"shippingAddress":{"name":"E"}}' % (order.encode(), product.encode())))
    until(lambda: troupe.stock_of(product), lambda units: units == (18, 0, 2))
    until(lambda: troupe.db.run("inventory", "select 1 from parked_events where order_id = %s",
                                (order,)), lambda rows: not rows)
    until(lambda: troupe.db.one("emailing", "select count(*) from notifications"
                                " where user_id = 'early'"), lambda count: count == 2)
    until(lambda: troupe.db.run("orders", "select 1 from dead_letters where order_id = %s", (order,)))
    forget_stranger(troupe, order)
    audit.await_sound(troupe, expected=["dead-letters"])


def forget_stranger(troupe, order):
    """An order that only a foreign producer knows holds stock: the audit would say so for ever."""
    for sql in ("update products p set stock = stock + n, sold = sold - n from (select"
                " line ->> 'productId' as id, (line ->> 'quantity')::bigint as n from stock_orders,"
                " json_array_elements(lines) line where order_id = %s) l where p.id = l.id",
                "delete from stock_ledger where order_id = %s",
                "delete from stock_orders where order_id = %s"):
        troupe.db.run("inventory", sql, (order,))
