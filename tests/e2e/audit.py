"""What must be true of the five databases once everything has come to rest.

Each check gives a line for what is wrong. Some are wrong for a moment while an order moves, so
`await_sound` looks until all are right; what stays wrong fails with its lines."""

import json
from collections import Counter, defaultdict

from client import until

PAID = ("PAYMENT_SUCCESS", "CONFIRMED", "DISPATCHED", "COMPLETED")
# Topics whose every event becomes a notification.
TELLING = ("order-created", "payment-success", "payment-failed", "order-dispatched",
           "order-completed", "order-cancelled", "notification-requested")
JOURNALS = {"orders": ("order_status_history", "order"),
            "inventory": ("stock_ledger", "inventory"),
            "payments": ("payment_journal", "payment")}
COUNTER_BITS = 39


def await_sound(troupe, limit=40):
    until(lambda: problems(troupe), lambda found: not found, limit, pause=0.2)


def problems(troupe):
    db = troupe.db
    orders = db.run("orders", "select id, status, payment_status, version, total_amount,"
                    " transaction_id, stock_held, deadline_at is not null from orders")
    return [*orders_at_rest(orders), *history(db), *totals(db), *stock(db), *stock_of_orders(db, orders),
            *money(db, orders), *payments(db, orders), *published(db), *told(db), *mailed(troupe)]


def orders_at_rest(orders):
    for order, status, payment, _, _, _, held, live in orders:
        if status in ("PAYMENT_PENDING", "PAYMENT_SUCCESS"):
            yield f"order {order} is still {status}"
        if status == "CANCELLED" and (held or payment == "REFUND_PENDING"):
            yield f"order {order} is cancelled, not settled: {payment}, stock held: {held}"
        if live != (status not in ("COMPLETED", "CANCELLED")):
            yield f"order {order} is {status}, live: {live}"


def history(db):
    for row in db.run("orders", """
            select o.id, o.status, o.version, count(h.*), max(h.version),
                   (array_agg(h.status order by h.version desc))[1],
                   (array_agg(h.payment_status order by h.version desc))[1] = o.payment_status
              from orders o left join order_status_history h on h.order_id = o.id
             group by o.id having count(h.*) <> o.version or max(h.version) <> o.version
                or (array_agg(h.status order by h.version desc))[1] <> o.status
                or (array_agg(h.payment_status order by h.version desc))[1] <> o.payment_status"""):
        yield f"order and history differ: {row}"


def totals(db):
    for row in db.run("orders", """
            select o.id, o.total_amount, sum(i.price * i.quantity)
              from orders o left join order_items i on i.order_id = o.id
             group by o.id having sum(i.price * i.quantity) is distinct from o.total_amount"""):
        yield f"the total is not that of the lines: {row}"


def stock(db):
    held = defaultdict(Counter)
    for state, lines in db.run("inventory", "select state, lines from stock_orders"
                               " where state in ('reserved', 'sold')"):
        for line in lines:
            held[line["productId"]][state] += line["quantity"]
    for product, have, reserved, sold, initial, adjusted in db.run(
            "inventory", "select id, stock, reserved, sold, initial, adjusted from products"):
        if initial + adjusted != have + reserved + sold or min(have, reserved, sold) < 0:
            yield f"{product}: {initial} + {adjusted} is not {have} + {reserved} + {sold}"
        by_orders = (held[product]["reserved"], held[product]["sold"])
        if by_orders != (reserved, sold):
            yield f"{product}: reserved, sold = {(reserved, sold)}; its orders hold {by_orders}"


def stock_of_orders(db, orders):
    states = dict(db.run("inventory", "select order_id, state from stock_orders"))
    for order, status, *_ in orders:
        state = states.get(order)
        if status in ("CONFIRMED", "DISPATCHED", "COMPLETED"):
            right = state == "sold"
        elif status == "CANCELLED":
            right = state == "released"
        else:
            right = state == "reserved"
        if not right:
            yield f"order {order} is {status}, its stock is {state}"


def money(db, orders):
    charges, refunds = defaultdict(list), defaultdict(list)
    for order, kind, status, amount, transaction in db.run(
            "gateway", "select order_id, kind, status, amount, transaction_id from ledger"):
        if status == "captured":
            charges[order].append((amount, transaction))
        elif status == "refunded":
            refunds[order].append(amount)
        elif kind == "refund":
            yield f"order {order}: a refund was {status}"
    for order, status, payment, _, total, transaction, *_ in orders:
        captured = charges.pop(order, [])
        refunded = refunds.pop(order, [])
        paid = status in PAID or payment in ("REFUND_PENDING", "REFUNDED")
        if captured != ([(total, transaction)] if paid else []):
            yield f"order {order} over {total} is {status}, {payment}; charged: {captured}"
        if refunded != ([total] if payment == "REFUNDED" else []):
            yield f"order {order} over {total} is {status}, {payment}; refunded: {refunded}"
    for order in {**charges, **refunds}:
        yield f"money of an order that is not there: {order}"


def payments(db, orders):
    """The payment service's own books say the same as the order."""
    rows = dict(db.run("payments", "select order_id, status from payments"))
    for order, status, payment, *_ in orders:
        # Without an attempt there is no row; cancelled after failing leaves FAILED on both sides.
        row = rows.get(order, "PENDING")
        if row != payment:
            yield f"order {order} is {status}, {payment}; its payment is {row}"
    for row in db.run("payments", "select order_id, attempt, status, refund from payment_attempts"
                      " where status = 'PENDING' or refund in ('PENDING', 'REFUSED')"):
        yield f"an attempt is open: {row}"


def events_of(db):
    """(position, topic, ce_source, ce_id) of every event in the journals, by database."""
    for database, (table, service) in JOURNALS.items():
        for position, events in db.run(database, f"select position, events from {table}"
                                       " where events::text <> '[]'"):
            events = events if isinstance(events, list) else json.loads(events)
            for index, event in enumerate(events):
                yield (database, position, event["topic"], f"/troupe/{service}",
                       f"{service}-{position}.{index}")


def published(db):
    marks = {database: dict(db.run(database, "select stream, position from watermarks"))
             for database in JOURNALS}
    for database, position, topic, _, name in events_of(db):
        if position > marks[database].get(position >> COUNTER_BITS, 0):
            yield f"not published: {topic} {name}"


def told(db):
    wanted = Counter((source, name) for _, _, topic, source, name in events_of(db)
                     if topic in TELLING)
    # Records of other producers ("kafka") are in no journal of ours.
    have = Counter(db.run("emailing", "select event_source, event_id from notifications"
                          " where event_source <> 'kafka'"))
    for event in (wanted - have):
        yield f"nobody was told of {event}"
    for event in (have - wanted):
        yield f"told too often, or of nothing: {event}"


def mailed(troupe):
    """An e-mail is claimed for a minute before it is sent: one whose sender was killed waits that
    long, and that is right. It must not be due and left lying."""
    for row in troupe.db.run("emailing", """
            select n.id, e.status, e.next_try_at from notifications n left join emails e on e.id = n.id
             where e.id is null
                or (e.status = 'PENDING' and e.next_try_at < clock_timestamp() - interval '3 s')"""):
        yield f"no e-mail of notification {row}"
    files = {path.name.split("@")[0] for path in troupe.spool.glob("*.eml")}
    for (mail,) in troupe.db.run("emailing", "select id from emails where status = 'SENT'"):
        if mail not in files:
            yield f"e-mail {mail} is sent, and not in the spool"
