"""What nobody can read or apply, on every topic: it is kept with its bytes, and the partition moves
on. Written to all topics at once; then the next orders must go their whole way."""

import json
import secrets

import audit
from client import until

# Who reads what: docs/api.md.
READERS = {
    "order": ["inventory-rejected", "inventory-released", "inventory-updated", "payment-refunded"],
    "payment": ["order-cancelled"],
    "inventory": ["order-cancelled", "order-created", "payment-success"],
    "emailing": ["notification-requested", "order-cancelled", "order-completed", "order-created",
                 "order-dispatched", "payment-failed", "payment-success"],
}
DATABASE_OF = {"order": "orders", "payment": "payments", "inventory": "inventory",
               "emailing": "emailing"}

UNREADABLE = {
    "broken JSON": b'{"orderId":',
    "NUL": b'{"orderId":"c0\x00","items":[]}',
    "900 KB": b'{"orderId":"' + b"a" * 900_000 + b'"}',
    "not an object": b"[1]",
    "an order that cannot exist": b'{"orderId":"no spaces please"}',
    "null": None,
}


def kept(troupe, consumer, table, key):
    """(topic, value) of each; the key is the test's own."""
    return [(topic, None if tombstone else bytes(value)) for topic, value, tombstone in troupe.db.run(
        DATABASE_OF[consumer], f"select topic, value, tombstone from {table}"
        " where key = %s", (key.encode() if table == "dead_letters" else key,))]


def test_poison_on_every_topic_is_kept_and_passed(troupe, client, broker):
    product = troupe.new_product()
    key = f"poison-{secrets.token_hex(4)}"
    for topic in {topic for topics in READERS.values() for topic in topics}:
        for value in UNREADABLE.values():
            broker.produce(topic, key, value)
    for consumer, topics in READERS.items():
        wanted = sorted((topic, value) for topic in topics for value in UNREADABLE.values()
                        if value is not None)
        wanted += [(topic, None) for topic in sorted(topics)]
        found = until(lambda c=consumer: kept(troupe, c, "dead_letters", key),
                      lambda seen, n=len(wanted): len(seen) >= n)
        assert sorted(f for f in found if f[1] is not None) + sorted(
            f for f in found if f[1] is None) == wanted
    must_go_their_way(client, product)
    audit.await_sound(troupe, expected=("dead-letters",))


def test_events_of_an_order_that_nobody_knows(troupe, client, broker):
    """Parked where the order may still become known; a dead letter at the orders, who know all."""
    product = troupe.new_product()
    unknown = "c" + "0" * 23 + secrets.choice("0123456789")
    parked = {"inventory": ["payment-success"], "emailing": ["payment-failed", "payment-success"]}
    values = {"payment-success": {}, "payment-failed": {"reason": "no"},
              "inventory-updated": {"items": []}, "inventory-rejected": {"reason": "short"},
              "inventory-released": {"items": []}, "payment-refunded": {"amount": 1}}
    for topic, value in values.items():
        broker.produce(topic, unknown, json.dumps({"orderId": unknown, **value}).encode())
    for consumer, topics in parked.items():
        until(lambda c=consumer: sorted(t for t, _ in kept(troupe, c, "parked_events", unknown)),
              lambda seen, wanted=topics: seen == wanted)
    until(lambda: sorted(t for t, _ in kept(troupe, "order", "dead_letters", unknown)),
          lambda seen: seen == sorted(READERS["order"]))
    must_go_their_way(client, product)
    for consumer in parked:
        troupe.db.run(DATABASE_OF[consumer], "delete from parked_events where key = %s", (unknown,))
    audit.await_sound(troupe, expected=("dead-letters",))


def must_go_their_way(client, product):
    done, regretted = client.new_order(product), client.new_order(product)
    for order in (done, regretted):
        assert client.pay(order).json["success"]
        client.await_order(order, "CONFIRMED")
    assert client.patch(f"/orders/{done}/dispatch", {}).status == 200
    assert client.patch(f"/orders/{done}/deliver").json["status"] == "COMPLETED"
    assert client.post(f"/orders/{regretted}/cancel").status == 200
    client.await_order(regretted, lambda now: now["paymentStatus"] == "REFUNDED")
