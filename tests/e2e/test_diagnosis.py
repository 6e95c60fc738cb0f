"""GET /orders/:id/diagnosis: in each kind of wait it says whom the order waits for, and without one
service's database it says so and still has the rest."""

import contextlib
import secrets
import threading
import time

import psycopg2
import pytest

import audit
from client import until
from test_payments import DECLINED, SILENT

PARTS = {"orders": "order", "payments": "payment", "inventory": "inventory", "emailing": "emailing"}


def diagnosis(client, order):
    answer = client.get(f"/orders/{order}/diagnosis")
    assert answer.status == 200, answer
    return answer.json


def await_code(client, order, code, limit=20):
    return until(lambda: diagnosis(client, order), lambda d: d["waitingFor"]["code"] == code, limit)


@contextlib.contextmanager
def locked(troupe, database, sql, parameters):
    """A session of ours holds these rows."""
    holder = psycopg2.connect(troupe.db.conninfo[database])
    try:
        with holder.cursor() as cursor:
            cursor.execute(sql, parameters)
            assert cursor.rowcount == 1
        yield
    finally:
        holder.close()


def product_locked(troupe, product):
    return locked(troupe, "inventory", "select from products where id = %s for update", (product,))


def test_an_order_on_its_way_to_the_end(troupe, client):
    order = client.new_order(troupe.new_product(stock=30), 3)
    until(lambda: diagnosis(client, order)["stock"]["state"], lambda state: state == "reserved")
    new = diagnosis(client, order)
    assert new["waitingFor"]["code"] == "customer" and new["overdue"] is False, new
    assert new["deadlineAt"] and new["status"] == "CREATED" and new["version"] == 1
    assert new["payment"] == {"status": None, "attempts": []}
    assert new["owner"]["node"] == "node-1" and new["owner"]["serves"] is True
    assert new["owner"]["actor"] == "live"

    assert client.pay(order, DECLINED).json["success"] is False
    declined = await_code(client, order, "customer")
    assert [a["status"] for a in declined["payment"]["attempts"]] == ["DECLINED"]

    client.pay(order)
    confirmed = await_code(client, order, "dispatch")
    assert [a["status"] for a in confirmed["payment"]["attempts"]] == ["DECLINED", "CAPTURED"]
    assert confirmed["stock"]["state"] == "sold"
    assert [e["topic"] for e in confirmed["events"]["inventory"]] == ["inventory-updated"]
    client.patch(f"/orders/{order}/dispatch")
    assert diagnosis(client, order)["waitingFor"]["code"] == "delivery"
    client.patch(f"/orders/{order}/deliver")
    ended = await_code(client, order, "nothing")
    assert ended["deadlineAt"] is None
    topics = [e["topic"] for e in ended["events"]["order"]]
    assert topics[0] == "order-created" and topics[-1] == "order-completed"
    until(lambda: [e["published"] for part in diagnosis(client, order)["events"].values()
                   for e in part], all)  # the watermark follows the report by a tick
    own_port = troupe.client("order").get(f"/orders/{order}/diagnosis")
    assert own_port.status == 200 and own_port.json["waitingFor"]["code"] == "nothing"


def test_an_order_that_nobody_knows(client):
    stranger = "c" + secrets.token_hex(12)
    until(lambda: client.get(f"/orders/{stranger}/diagnosis").code, lambda code: code == "not_found")


@pytest.mark.long
def test_it_waits_for_the_payment_gateway(troupe, client):
    order = client.new_order(troupe.new_product())
    payer = threading.Thread(target=client.pay, args=(order, SILENT))
    payer.start()
    try:
        pending = await_code(client, order, "payment")
        assert pending["status"] == "PAYMENT_PENDING"
        until(lambda: diagnosis(client, order)["payment"]["attempts"],
              lambda all: [a["status"] for a in all] == ["PENDING"])
    finally:
        payer.join()
    await_code(client, order, "customer", limit=40)  # voided: it may be paid again


def test_it_waits_for_the_stock(troupe, client):
    product = troupe.new_product(stock=30)
    order = client.new_order(product, 3)
    until(lambda: diagnosis(client, order)["stock"], lambda stock: stock["state"] == "reserved")
    with product_locked(troupe, product):
        assert client.pay(order).json["status"] == "PAYMENT_SUCCESS"
        held = await_code(client, order, "inventory")
        assert held["stock"]["state"] == "reserved"
        assert held["stock"]["lines"] == [{"productId": product, "quantity": 3, "available": 27}]
        late = until(lambda: diagnosis(client, order), lambda d: d["overdue"])
        assert late["rounds"] > 0 or late["deadlineAt"]
    await_code(client, order, "dispatch", limit=40)


@pytest.mark.long
def test_it_waits_for_kafka(troupe, client, broker):
    order = client.new_order(troupe.new_product())
    broker.stop()
    try:
        client.pay(order)
        held = await_code(client, order, "publishing")
        told = {e["topic"]: e["published"] for e in held["events"]["order"]}
        assert told["payment-success"] is False
    finally:
        broker.start()
    await_code(client, order, "dispatch", limit=60)


def test_it_waits_for_an_operator(troupe, client, broker):
    """Somebody's broken payment-success of this very order has become a dead letter."""
    product = troupe.new_product(stock=30)
    order = client.new_order(product, 3)
    broker.produce("payment-success", order, b'{"orderId":')
    until(lambda: diagnosis(client, order)["deadLetters"]["inventory"])
    with product_locked(troupe, product):
        client.pay(order)
        dead = await_code(client, order, "dead_letter")
        letter, = dead["deadLetters"]["inventory"]
        assert letter["topic"] == "payment-success" and letter["error"]
        assert str(letter["id"]) in dead["waitingFor"]["text"]
    await_code(client, order, "dispatch", limit=40)
    for database in PARTS:
        troupe.db.run(database, "delete from dead_letters where order_id = %s", (order,))


def test_it_waits_for_its_refund(troupe, client):
    order = client.new_order(troupe.new_product())
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    with locked(troupe, "payments", "select from payments where order_id = %s for update",
                (order,)):
        assert client.post(f"/orders/{order}/cancel").status == 200
        held = await_code(client, order, "refund")
        assert held["paymentStatus"] == "REFUND_PENDING"
    ended = await_code(client, order, "nothing", limit=40)
    attempt, = ended["payment"]["attempts"]
    assert attempt["refund"]["status"] == "REFUNDED"
    assert [e["topic"] for e in ended["events"]["payment"]] == ["payment-refunded"]


@pytest.mark.parametrize("database", PARTS)
def test_without_one_services_database(troupe, client, database):
    order = client.new_order(troupe.new_product())
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    gone = PARTS[database]
    with troupe.db.away(database):
        began = time.monotonic()
        found = diagnosis(client, order)
        assert time.monotonic() - began < 5
    unavailable = {"unavailable": True}
    for service in PARTS.values():
        for part in ("events", "parked", "deadLetters"):
            if service in found[part]:
                assert (found[part][service] == unavailable) is (service == gone), (part, service)
    assert (found["payment"] == unavailable) is (gone == "payment")
    assert (found["stock"] == unavailable) is (gone == "inventory")
    assert (found["owner"].get("unavailable") is True) is (gone == "order")
    assert found["status"] == (None if gone == "order" else "CONFIRMED")
    assert found["waitingFor"]["code"] == ("unknown" if gone == "order" else "dispatch")
    until(lambda: diagnosis(client, order)["status"], lambda status: status == "CONFIRMED")
    audit.await_sound(troupe)
