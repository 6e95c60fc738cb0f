"""Idempotency-Key over real HTTP: one effect, and the same answer for whoever asks again."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

import audit
from client import order_of, until
from test_impatient import SETTINGS as IMPATIENT
from test_payments import DECLINED, SILENT

CARD = "4242424242424242"
SLOW_GATEWAY = {"TROUPE_PAYMENT_LATENCY_MIN_MS": "1500", "TROUPE_PAYMENT_LATENCY_MAX_MS": "1600"}


def fresh_key():
    return secrets.token_hex(8)


class Keyed:
    """One request under one key, to be sent as often as a test wants."""

    def __init__(self, client, method, path, body=None):
        self.client, self.method, self.path, self.body = client, method, path, body
        self.key = fresh_key()
        self.first = None

    def send(self, body=None):
        return self.client.ask(self.method, self.path, self.body if body is None else body,
                               headers={"Idempotency-Key": self.key})

    def must_work(self, status=200):
        self.first = self.send()
        assert self.first.status == status, self.first
        assert "Idempotent-Replayed" not in self.first.headers
        return self.first

    def must_be_replayed(self):
        again = self.send()
        assert (again.status, again.body) == (self.first.status, self.first.body), again
        assert again.headers["Idempotent-Replayed"] == "true"
        for name in ("ETag", "Location"):
            assert again.headers[name] == self.first.headers[name]

    def must_be_refused(self, body):
        refused = self.send(body)
        assert (refused.status, refused.code) == (422, "idempotency_key_reused"), refused


def payment_of(client, order, card=CARD):
    return Keyed(client, "POST", f"/orders/{order}/process-payment", {"cardNumber": card})


def test_fifty_posts_with_one_key_are_one_order(troupe, client):
    product = troupe.new_product()
    key = fresh_key()
    before = troupe.db.one("orders", "select count(*) from orders")
    with ThreadPoolExecutor(50) as crowd:
        answers = list(crowd.map(lambda _: client.place(product, key=key), range(50)))
    made = [a for a in answers if a.status == 201]
    for other in (a for a in answers if a.status != 201):
        assert other.status == 409 and int(other.headers["Retry-After"]) > 0, other
    assert len({a.body for a in made}) == 1
    assert len([a for a in made if "Idempotent-Replayed" not in a.headers]) == 1
    assert troupe.db.one("orders", "select count(*) from orders") == before + 1
    again = client.place(product, key=key)
    assert (again.status, again.body) == (201, made[0].body)
    assert again.headers["Idempotent-Replayed"] == "true"

    other_body = client.place(product, 2, key=key)
    assert (other_body.status, other_body.code) == (422, "idempotency_key_reused")
    somebody_else = client.place(product, key=key, user="grace")
    assert somebody_else.status == 201 and somebody_else.json["id"] != again.json["id"]
    assert troupe.db.one("orders", "select count(*) from orders") == before + 2

    # The first answer, even when the order has moved on and the last piece is gone.
    order = again.json["id"]
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    assert client.place(product, key=key).body == again.body
    audit.await_sound(troupe)


def test_forty_payments_without_a_key_are_one_charge_and_forty_equal_answers(instance):
    """The gateway takes its time, so that all forty are there before the outcome is."""
    instance.running(SLOW_GATEWAY)
    client = instance.client()
    order = client.new_order(instance.new_product())
    with ThreadPoolExecutor(40) as crowd:
        answers = list(crowd.map(lambda _: client.pay(order), range(40)))
    assert {(a.status, a.body) for a in answers} == {(200, answers[0].body)}
    assert answers[0].json["success"] is True
    assert instance.db.run("gateway", "select status, calls from ledger where order_id = %s",
                           (order,)) == [("captured", 1)]
    audit.await_sound(instance)


def test_forty_payments_with_one_key_are_one_charge_and_one_answer(instance):
    instance.running(SLOW_GATEWAY)
    client = instance.client()
    payment = payment_of(client, client.new_order(instance.new_product()))
    with ThreadPoolExecutor(40) as crowd:
        answers = list(crowd.map(lambda _: payment.send(), range(40)))
    paid = [a for a in answers if a.status == 200]
    assert len(paid) == 1 and paid[0].json["success"] is True
    for other in (a for a in answers if a.status != 200):
        assert (other.status, other.code) == (409, "key_in_progress"), other
        assert int(other.headers["Retry-After"]) > 0
    payment.first = paid[0]
    payment.must_be_replayed()
    audit.await_sound(instance)


def test_while_a_payment_runs_its_key_is_in_progress(instance):
    instance.running(SLOW_GATEWAY)
    client = instance.client()
    order = client.new_order(instance.new_product())
    payment = payment_of(client, order)
    with ThreadPoolExecutor(1) as aside:
        running = aside.submit(payment.must_work)
        client.await_order(order, "PAYMENT_PENDING")
        early = payment.send()
        payment.must_be_refused({"cardNumber": DECLINED})
        assert running.result().json["success"] is True
    assert (early.status, early.code) == (409, "key_in_progress"), early
    assert int(early.headers["Retry-After"]) > 0
    payment.must_be_replayed()


def test_each_step_of_an_order_is_replayed_as_it_was(troupe, client):
    product = troupe.new_product(stock=30)
    placing = Keyed(client, "POST", "/orders", order_of((product, 2)))
    order = placing.must_work(201).json["id"]
    payment = payment_of(client, order)
    assert payment.must_work().json["success"] is True
    client.await_order(order, "CONFIRMED")
    dispatch = Keyed(client, "PATCH", f"/orders/{order}/dispatch", {"trackingNumber": "T-1"})
    assert dispatch.must_work().json["status"] == "DISPATCHED"
    delivery = Keyed(client, "PATCH", f"/orders/{order}/deliver")
    assert delivery.must_work().json["status"] == "COMPLETED"
    audit.await_sound(troupe)
    before = troupe.db.digest_at_rest()
    for request in (placing, payment, dispatch, delivery):
        request.must_be_replayed()
    placing.must_be_refused(order_of((product, 3)))
    payment.must_be_refused({"cardNumber": DECLINED})
    dispatch.must_be_refused({"trackingNumber": "T-2"})
    delivery.must_be_refused({})
    assert troupe.db.digest() == before
    assert troupe.ledger(order) == [("charge", "captured")]
    audit.await_sound(troupe)


@pytest.mark.parametrize("paid", [False, True])
def test_a_cancellation_is_replayed_as_it_was(troupe, client, paid):
    product = troupe.new_product(stock=30)
    order = client.new_order(product, 3)
    if paid:
        client.pay(order)
        client.await_order(order, "CONFIRMED")
    cancellation = Keyed(client, "POST", f"/orders/{order}/cancel")
    told = cancellation.must_work().json
    assert told["paymentStatus"] == ("REFUND_PENDING" if paid else "PENDING")
    audit.await_sound(troupe)  # refunded meanwhile
    before = troupe.db.digest_at_rest()
    cancellation.must_be_replayed()
    cancellation.must_be_refused({})
    assert troupe.db.digest() == before
    assert troupe.stock_of(product) == (30, 0, 0)


def test_a_decline_is_replayed_and_a_new_key_pays(troupe, client):
    order = client.new_order(troupe.new_product())
    declined = payment_of(client, order, DECLINED)
    assert declined.must_work().json["success"] is False
    declined.must_be_replayed()
    paid = payment_of(client, order)
    assert paid.must_work().json["success"] is True
    client.await_order(order, "CONFIRMED")
    declined.must_be_replayed()
    paid.must_be_replayed()
    assert troupe.ledger(order) == [("charge", "declined"), ("charge", "captured")]


def test_a_payment_of_unknown_outcome_is_202_until_it_is_known(instance):
    instance.running(IMPATIENT)
    client = instance.client()
    order = client.new_order(instance.new_product())
    payment = payment_of(client, order, SILENT)
    unknown = payment.send()
    assert unknown.status == 202, unknown
    seen = until(payment.send, lambda answer: answer.status != 202)
    assert seen.status == 200 and seen.json["success"] is False, seen
    assert seen.headers["Idempotent-Replayed"] == "true"
    payment.first = seen
    payment.must_be_replayed()
    assert instance.ledger(order) == [("charge", "voided")]


def test_what_was_refused_or_changed_nothing_left_no_key(troupe, client):
    product = troupe.new_product()
    order = client.new_order(product)
    early = Keyed(client, "PATCH", f"/orders/{order}/dispatch")
    assert early.send().code == "wrong_state"
    assert early.send({}).code == "wrong_state"
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    assert early.must_work().json["status"] == "DISPATCHED"
    late = Keyed(client, "PATCH", f"/orders/{order}/dispatch")
    late.must_work()
    assert "Idempotent-Replayed" not in late.send({}).headers
    paid_already = payment_of(client, order)
    paid_already.must_work()
    assert paid_already.send({"cardNumber": DECLINED}).status == 200


def test_a_product_is_made_once(troupe, client):
    making = Keyed(client, "POST", "/inventory",
                   {"name": "Keyed", "description": "", "price": 1.5, "stock": 7, "category": "k"})
    product = making.must_work(201).json["id"]
    client.ask("PUT", f"/inventory/{product}", {"stock": 3, "price": 2})
    making.must_be_replayed()
    making.must_be_refused({**making.body, "stock": 8})


def test_a_key_is_free_again_after_its_life(instance):
    instance.running({"TROUPE_SERVER_KEY_LIFE": "1"})
    client = instance.client()
    product = instance.new_product()
    placing = Keyed(client, "POST", "/orders", order_of((product, 1)))
    first = placing.must_work(201).json["id"]
    until(placing.send, lambda answer: answer.json["id"] != first)
    order = client.new_order(product)
    declined = payment_of(client, order, DECLINED)
    declined.must_work()
    until(declined.send, lambda answer: "Idempotent-Replayed" not in answer.headers)
    assert ("charge", "declined") == instance.ledger(order)[1]
    audit.await_sound(instance)


def test_neither_key_nor_card_can_be_read_in_the_database(troupe, client):
    order = client.new_order(troupe.new_product())
    payment = payment_of(client, order)
    payment.must_work()
    rows = troupe.db.run("orders", "select scope, body_hash from idempotency_keys"
                         " where order_id = %s", (order,))
    assert len(rows) == 1 and rows[0][0].startswith(f"ada POST /orders/{order}/process-payment ")
    assert payment.key not in rows[0][0] and CARD not in "".join(rows[0])
