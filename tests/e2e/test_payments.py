"""Declines, a connection that breaks after the charge, and many payments of one order at once."""

from concurrent.futures import ThreadPoolExecutor

import audit

DECLINED, BREAKS, SILENT = "4000000000000002", "4000000000000341", "4000000000000119"


def test_a_declined_order_may_be_paid_again(troupe, client):
    order = client.new_order(troupe.new_product())
    for attempt in (1, 2):
        declined = client.pay(order, DECLINED)
        assert declined.status == 200 and declined.json["success"] is False, declined
        assert declined.json["status"] == "PAYMENT_FAILED"
        assert declined.json["paymentStatus"] == "FAILED"
        assert "transactionId" not in declined.json
        assert troupe.ledger(order) == [("charge", "declined")] * attempt
    paid = client.pay(order)
    assert paid.status == 200 and paid.json["success"] is True, paid
    client.await_order(order, "CONFIRMED")
    assert troupe.ledger(order) == [("charge", "declined")] * 2 + [("charge", "captured")]
    audit.await_sound(troupe)


def test_a_charge_whose_answer_is_lost_is_learned(troupe, client):
    order = client.new_order(troupe.new_product())
    paid = client.pay(order, BREAKS)
    assert paid.status == 200 and paid.json["success"] is True, paid
    assert troupe.ledger(order) == [("charge", "captured")]
    client.await_order(order, "CONFIRMED")
    audit.await_sound(troupe)


def test_charges_whose_answers_are_lost_at_once_are_learned(troupe, client):
    """One alone goes over a connection that was used before: there libcurl itself asks again."""
    product = troupe.new_product()
    orders = [client.new_order(product) for _ in range(24)]
    with ThreadPoolExecutor(24) as crowd:
        answers = list(crowd.map(lambda order: client.pay(order, BREAKS), orders))
    assert all(a.status == 200 and a.json["success"] is True for a in answers), answers
    for order in orders:
        assert troupe.ledger(order) == [("charge", "captured")]
        client.await_order(order, "CONFIRMED")
    audit.await_sound(troupe)


def test_paying_a_paid_order_answers_the_same(troupe, client):
    order = client.new_order(troupe.new_product())
    first = client.pay(order).json
    client.await_order(order, "CONFIRMED")
    again = client.pay(order, DECLINED)
    assert again.status == 200 and again.json["success"] is True
    assert again.json["transactionId"] == first["transactionId"]
    assert again.json["status"] == "CONFIRMED"
    assert troupe.ledger(order) == [("charge", "captured")]


def test_forty_payments_at_once_are_one_charge(troupe, client):
    order = client.new_order(troupe.new_product())
    with ThreadPoolExecutor(40) as crowd:
        answers = list(crowd.map(lambda _: client.pay(order), range(40)))
    assert {answer.status for answer in answers} == {200}
    # The one thing that may differ: who came last may find the order CONFIRMED already.
    told = {(a.json["success"], a.json["message"], a.json["orderId"], a.json["paymentStatus"],
             a.json["transactionId"]) for a in answers}
    assert len(told) == 1 and told.pop()[0] is True
    assert {a.json["status"] for a in answers} <= {"PAYMENT_SUCCESS", "CONFIRMED"}
    assert troupe.db.run("gateway", "select status, calls from ledger where order_id = %s",
                         (order,)) == [("captured", 1)]
    audit.await_sound(troupe)
