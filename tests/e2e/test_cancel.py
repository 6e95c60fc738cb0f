"""Cancelling in each state: the money goes back where it moved, the stock always."""

import psycopg2
import pytest

import audit
from test_payments import DECLINED


def cancel(client, order):
    return client.post(f"/orders/{order}/cancel")


def cancelled(client, order, payment):
    answer = cancel(client, order)
    assert answer.status == 200, answer
    assert answer.json["status"] == "CANCELLED" and answer.json["paymentStatus"] == payment
    return answer.json


def seen_to_be_over(troupe, client, order, product, version):
    """Settled, and nothing moves it again."""
    audit.await_sound(troupe)
    assert troupe.stock_of(product) == (30, 0, 0)
    again = cancel(client, order)
    assert again.status == 200 and again.json["version"] == version
    refused = client.pay(order)
    assert (refused.status, refused.code) == (409, "order_cancelled")
    assert client.order(order)["version"] == version


def test_a_created_order(troupe, client):
    product = troupe.new_product(stock=30)
    order = client.new_order(product, 3)
    cancelled(client, order, "PENDING")
    seen_to_be_over(troupe, client, order, product, version=2)
    assert troupe.ledger(order) == []


def test_an_order_whose_payment_failed(troupe, client):
    product = troupe.new_product(stock=30)
    order = client.new_order(product, 3)
    assert client.pay(order, DECLINED).json["success"] is False
    cancelled(client, order, "FAILED")
    seen_to_be_over(troupe, client, order, product, version=4)
    assert troupe.ledger(order) == [("charge", "declined")]


def test_a_paid_order_whose_stock_is_not_deducted_yet(troupe, client):
    product = troupe.new_product(stock=30)
    order = client.new_order(product, 3)
    holder = psycopg2.connect(troupe.db.conninfo["inventory"])
    try:  # the sale must wait for us
        with holder.cursor() as cursor:
            cursor.execute("select from products where id = %s for update", (product,))
        assert client.pay(order).json["status"] == "PAYMENT_SUCCESS"
        cancelled(client, order, "REFUND_PENDING")
    finally:
        holder.close()
    client.await_order(order, lambda now: now["paymentStatus"] == "REFUNDED")
    seen_to_be_over(troupe, client, order, product, version=5)
    assert troupe.ledger(order) == [("charge", "captured"), ("refund", "refunded")]


def test_a_confirmed_order(troupe, client, broker):
    product = troupe.new_product(stock=30)
    order = client.new_order(product, 3)
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    assert troupe.stock_of(product) == (27, 0, 3)
    cancelled(client, order, "REFUND_PENDING")
    client.await_order(order, lambda now: now["paymentStatus"] == "REFUNDED")
    seen_to_be_over(troupe, client, order, product, version=6)
    assert troupe.ledger(order) == [("charge", "captured"), ("refund", "refunded")]
    values = {record.topic: record.value for record in broker.records_of(
        ["order-cancelled", "payment-refunded", "inventory-released"], order)}
    reason = values["order-cancelled"].pop("reason")
    assert reason
    assert values == {
        "order-cancelled": {"orderId": order, "userId": "ada"},
        "payment-refunded": {"orderId": order, "amount": 37.5},
        "inventory-released": {"orderId": order,
                               "items": [{"productId": product, "quantity": 3}]}}


def test_paid_for_what_somebody_else_got(troupe, client):
    """Both are charged before the inventory can look: the piece goes to one, the money back to the
    other."""
    product = troupe.new_product(stock=1)
    holder = psycopg2.connect(troupe.db.conninfo["inventory"])
    try:
        with holder.cursor() as cursor:
            cursor.execute("select from products where id = %s for update", (product,))
        orders = [client.new_order(product) for _ in range(2)]
        for order in orders:
            assert client.pay(order).json["status"] == "PAYMENT_SUCCESS"
    finally:
        holder.close()
    audit.await_sound(troupe)
    ends = sorted((now["status"], now["paymentStatus"]) for now in map(client.order, orders))
    assert ends == [("CANCELLED", "REFUNDED"), ("CONFIRMED", "SUCCESS")]
    assert sorted(troupe.ledger(order) for order in orders) == [
        [("charge", "captured")], [("charge", "captured"), ("refund", "refunded")]]
    assert troupe.stock_of(product) == (0, 0, 1)


@pytest.mark.parametrize("last", ["dispatch", "deliver"])
def test_too_late_once_dispatched(troupe, client, last):
    product = troupe.new_product(stock=30)
    order = client.new_order(product, 3)
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    for step in ("dispatch", "deliver")[:1 + (last == "deliver")]:
        assert client.patch(f"/orders/{order}/{step}").status == 200
        repeated = client.patch(f"/orders/{order}/{step}")
        assert repeated.status == 200
    before = client.order(order)
    refused = cancel(client, order)
    assert (refused.status, refused.code) == (409, "wrong_state")
    assert client.order(order) == before
    assert troupe.ledger(order) == [("charge", "captured")]
    assert troupe.stock_of(product) == (27, 0, 3)


def test_steps_out_of_order_are_refused(troupe, client):
    order = client.new_order(troupe.new_product())
    for path in ("dispatch", "deliver"):
        refused = client.patch(f"/orders/{order}/{path}")
        assert (refused.status, refused.code) == (409, "wrong_state")
    assert client.order(order)["version"] == 1
