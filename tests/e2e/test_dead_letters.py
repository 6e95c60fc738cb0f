"""Dead letters and parked events as the admin handles them: listed, replayed, discarded."""

import base64
import json
import secrets
from concurrent.futures import ThreadPoolExecutor

import audit
from client import until
from test_lists import ids, walk


def letters(client, key, state="dead"):
    """Those of the record key, newest first."""
    return [row for page in walk(client, f"/dead-letters?state={state}&limit=200")
            for row in page.json if row["key"] == key]


def await_letters(client, key, count, state="dead"):
    return until(lambda: letters(client, key, state), lambda rows: len(rows) >= count)


def replay(client, letter):
    answer = replay_under(client, letter, None)
    assert answer.status == 200 and answer.json["id"] == letter["id"], answer
    return answer.json


def replay_under(client, letter, key, body=None):
    return client.post(f"/dead-letters/{letter['id']}/replay", body, headers={"Idempotency-Key": key})


def must_be_replayed(first, again):
    assert again.status == 200 and again.body == first.body, (first, again)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def discard(client, letter):
    return client.ask("DELETE", f"/dead-letters/{letter['id']}", user="janitor").status


def open_letters(troupe, service):
    """As the metrics say."""
    for line in troupe.client().get("/metrics").body.decode().splitlines():
        if line.startswith(f'troupe_dead_letters{{service="{service}",state="open"}}'):
            return float(line.rsplit(" ", 1)[1])
    return None


def test_poison_is_listed_replayed_in_vain_and_discarded(troupe, client, broker):
    key = f"letter-{secrets.token_hex(4)}"
    poison = {"payment-success": b'{"orderId":"\xff\xfe"}', "order-cancelled": b'{"orderId":'}
    for topic, value in poison.items():
        broker.produce(topic, key, value)
    wanted = sorted([("emailing", "order-cancelled"), ("emailing", "payment-success"),
                     ("inventory", "order-cancelled"), ("inventory", "payment-success"),
                     ("payment", "order-cancelled")])
    found = await_letters(client, key, len(wanted))
    assert sorted((row["service"], row["topic"]) for row in found) == wanted
    for row in found:
        value = row["value"].encode()
        assert row.get("encoding", "base64") == "base64"
        assert ("encoding" in row) == (row["topic"] == "payment-success")
        if "encoding" in row:
            value = base64.b64decode(value)
        assert value == poison[row["topic"]] and row["error"], row
        assert row["consumer"] == f"troupe-{row['service']}"
    for service in ("payment", "inventory"):
        own = letters(troupe.client(service), key)
        assert own == [row for row in found if row["service"] == service]
        until(lambda: open_letters(troupe, service), lambda count: count >= len(own))
    whole = ids(walk(client, "/dead-letters"))
    assert ids(walk(client, "/dead-letters?limit=1")) == whole
    assert [row["createdAt"] for row in found] == sorted((row["createdAt"] for row in found),
                                                         reverse=True)
    for row in found:
        failed = replay(client, row)
        assert failed["outcome"] == "failed" and failed["error"], failed
    assert letters(client, key) == found
    for row in found:
        assert discard(client, row) == 204
        assert discard(client, row) == 204
        assert client.post(f"/dead-letters/{row['id']}/replay").code == "not_found"
    assert letters(client, key) == []
    assert troupe.db.one("inventory", "select bool_and(discarded_at is not null and settled_by ="
                         " 'janitor') from dead_letters where key = %s", (key.encode(),))
    assert "event.dead_letter" in troupe.log()
    audit.await_sound(troupe)


def test_a_parked_event_waits_in_sight_until_its_order_comes(troupe, client, broker):
    order = "c" + secrets.token_hex(12)
    broker.produce("payment-failed", order,
                   json.dumps({"orderId": order, "reason": "no"}).encode())
    waiting, = await_letters(client, order, 1, "parked")
    assert (waiting["service"], waiting["orderId"]) == ("emailing", order)
    still = replay(client, waiting)
    assert still["outcome"] == "failed", still
    assert letters(client, order, "parked") == [waiting]
    product = troupe.new_product()
    broker.produce("order-created", order, json.dumps({
        "orderId": order, "userId": "patient", "totalAmount": 12.5, "shippingAddress": {"name": "P"},
        "items": [{"productId": product, "quantity": 1, "price": 12.5}]}).encode())
    until(lambda: letters(client, order, "parked"), lambda rows: not rows)
    told = until(lambda: client.get("/notifications", user="patient").json,
                 lambda all: len(all) == 2)
    assert {n["orderId"] for n in told} == {order}
    broker.produce("order-cancelled", order, json.dumps(
        {"orderId": order, "userId": "patient", "reason": "done"}).encode())
    until(lambda: troupe.stock_of(product), lambda units: units == (1000, 0, 0))
    discard_all(client, order)
    troupe.db.run("inventory", "delete from stock_ledger where order_id = %s", (order,))
    troupe.db.run("inventory", "delete from stock_orders where order_id = %s", (order,))
    audit.await_sound(troupe)


def discard_all(client, key):
    """What inventory answers about an order that the orders do not know is a dead letter there."""
    for row in await_letters(client, key, 1):
        assert discard(client, row) == 204


def test_a_letter_that_has_become_applicable_is_applied_once(troupe, client, broker):
    product = troupe.new_product()
    order = client.new_order(product)
    broker.produce("inventory-updated", order, json.dumps(
        {"orderId": order, "items": [{"productId": product, "quantity": 1}]}).encode())
    letter, = await_letters(client, order, 1)
    assert letter["service"] == "order"
    assert replay(client, letter)["outcome"] == "failed"  # nobody has paid
    with troupe.db.away("inventory"):  # so that nobody else confirms it
        assert client.pay(order).json["success"]
        assert client.order(order)["status"] == "PAYMENT_SUCCESS"
        answer = client.get("/dead-letters")
        assert answer.status == 503 and "inventory" in answer.json["detail"], answer
        assert letter in client.get("/dead-letters?service=order").json
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: replay_under(client, letter, f"key-{n}"), range(8)))
        assert [answer.json for answer in answers] == [{"id": letter["id"], "outcome": "applied"}] * 8
        assert client.order(order)["status"] == "CONFIRMED"
    assert replay(client, letter)["outcome"] == "applied"
    for n, first in enumerate(answers):
        must_be_replayed(first, replay_under(client, letter, f"key-{n}"))
        assert replay_under(client, letter, f"key-{n}", {}).code == "idempotency_key_reused"
    assert letters(troupe.client("order"), order) == []
    until(lambda: troupe.stock_of(product), lambda units: units == (999, 0, 1))
    steps = [entry["status"] for entry in client.order(order)["statusHistory"]]
    assert steps.count("CONFIRMED") == 1
    audit.await_sound(troupe)


def test_a_key_gives_a_replay_its_first_answer(troupe, client, broker):
    order = client.new_order(troupe.new_product())
    broker.produce("inventory-updated", order, json.dumps({"orderId": order, "items": []}).encode())
    letter, = await_letters(client, order, 1)
    failed = replay_under(client, letter, "one")
    assert failed.json["outcome"] == "failed", failed
    assert client.post(f"/orders/{order}/cancel").status == 200
    must_be_replayed(failed, replay_under(client, letter, "one"))
    must_be_replayed(failed, replay_under(troupe.client(letter["service"]), letter, "one"))
    assert replay_under(client, letter, "one", {}).code == "idempotency_key_reused"
    troupe.stop()
    troupe.running()
    must_be_replayed(failed, replay_under(client, letter, "one"))  # the database remembers
    # Another key is another try: a cancelled order has nothing to do about the event.
    assert replay_under(client, letter, "two").json["outcome"] == "applied"
    must_be_replayed(failed, replay_under(client, letter, "one"))
    assert letters(troupe.client("order"), order) == []
    audit.await_sound(troupe)


def test_every_service_keeps_keys_of_replays(troupe, client, broker):
    key = f"keyed-{secrets.token_hex(4)}"
    broker.produce("order-cancelled", key, b"[]")
    broker.produce("inventory-rejected", key, b"[]")
    found = await_letters(client, key, 4)
    assert sorted(row["service"] for row in found) == ["emailing", "inventory", "order", "payment"]
    for row in found:
        first = replay_under(client, row, "k" * 255)
        assert first.json["outcome"] == "failed", first
        must_be_replayed(first, replay_under(client, row, "k" * 255))
        assert discard(client, row) == 204
