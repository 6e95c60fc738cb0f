"""With short limits: a gateway that does not answer, and orders that nobody pays."""

import pytest

import audit
from client import until
from test_payments import DECLINED, SILENT

SETTINGS = {
    "TROUPE_PAYMENT_CALL_LIMIT_MS": "300",
    "TROUPE_PAYMENT_TRIES": "2",
    "TROUPE_PAYMENT_CHARGE_LIMIT_MS": "1000",
    "TROUPE_PAYMENT_WAIT_MS": "1500",
    "TROUPE_DEADLINES_PAYMENT": "1",
    "TROUPE_DEADLINES_UNPAID": "4",
}


@pytest.fixture
def impatient(instance):
    instance.running(SETTINGS)
    return instance


def statuses(order):
    return [entry["status"] for entry in order["statusHistory"]]


def test_a_silent_gateway_is_answered_202_and_settled_without_a_charge(impatient):
    client = impatient.client()
    order = client.new_order(impatient.new_product())
    asked = client.pay(order, SILENT)
    assert asked.status == 202, asked
    assert int(asked.headers["Retry-After"]) > 0
    assert asked.json["success"] is False and asked.json["status"] == "PAYMENT_PENDING"
    # Its outcome is unknown, so it can be neither cancelled nor charged a second time.
    refused = client.post(f"/orders/{order}/cancel")
    assert (refused.status, refused.code) == (409, "payment_in_progress")
    settled = client.await_order(order, lambda now: "PAYMENT_FAILED" in statuses(now))
    assert statuses(settled)[:3] == ["CREATED", "PAYMENT_PENDING", "PAYMENT_FAILED"]
    assert impatient.ledger(order) == [("charge", "voided")]
    audit.await_sound(impatient)


@pytest.mark.parametrize("declined", [False, True])
def test_an_unpaid_order_expires_and_its_stock_is_free(impatient, declined):
    client = impatient.client()
    product = impatient.new_product(stock=50)
    order = client.new_order(product, 20)
    if declined:
        assert client.pay(order, DECLINED).json["success"] is False
    until(lambda: impatient.stock_of(product), lambda units: units == (30, 20, 0))
    expired = client.await_order(order, "CANCELLED")
    assert expired["paymentStatus"] == ("FAILED" if declined else "PENDING")
    assert expired["version"] == (4 if declined else 2)
    audit.await_sound(impatient)
    assert impatient.stock_of(product) == (50, 0, 0)
    late = client.pay(order)
    assert (late.status, late.code) == (409, "order_cancelled")
    assert impatient.ledger(order) == ([("charge", "declined")] if declined else [])
