"""The program dies on both sides of the commit that carries a key: whoever asks again with the key
gets the one effect and its answer, before and after the next start."""

import http.client

import pytest

import audit
from client import order_of, until
from test_keys import Keyed, payment_of

CUT_OFF = (OSError, http.client.HTTPException)


def confirmed(instance, product):
    client = instance.client()
    order = client.new_order(product)
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    return order


def dispatched(instance, product):
    order = confirmed(instance, product)
    assert instance.client().patch(f"/orders/{order}/dispatch").status == 200
    return order


def placing(instance, product):
    return Keyed(instance.client(), "POST", "/orders", order_of((product, 2)))


def cancelling(instance, product):
    return Keyed(instance.client(), "POST", f"/orders/{confirmed(instance, product)}/cancel")


def dispatching(instance, product):
    return Keyed(instance.client(), "PATCH", f"/orders/{confirmed(instance, product)}/dispatch",
                 {"courier": "C"})


def delivering(instance, product):
    return Keyed(instance.client(), "PATCH", f"/orders/{dispatched(instance, product)}/deliver")


def steps(instance):
    return instance.db.one("orders", "select count(*) from order_status_history"
                           " where status in ('CREATED', 'DISPATCHED', 'COMPLETED')"
                           " or payment_status = 'REFUND_PENDING'")


def ask_while_it_dies(instance, request, point):
    """Sends `request` to a fresh instance that dies at `point`, and starts it again."""
    code, _ = instance.stop()
    assert code == 0
    instance.start({"TROUPE_FAIL_POINTS": f"{point}=kill"})
    with pytest.raises(CUT_OFF):
        request.send()
    instance.await_end()
    instance.start()


def commits_of_keys():
    """The first in every ./test."""
    for point in ("journal.after_commit", "journal.before_commit"):
        for make in (placing, cancelling, dispatching, delivering):
            first = (point, make) == ("journal.after_commit", placing)
            yield pytest.param(point, make, id=f"{point}-{make.__name__}",
                               marks=() if first else pytest.mark.long)


@pytest.mark.parametrize(("point", "make"), commits_of_keys())
def test_killed_at_the_commit_of_a_key(instance, point, make):
    instance.running()
    request = make(instance, instance.new_product(stock=30))
    audit.await_sound(instance)
    before = steps(instance)
    ask_while_it_dies(instance, request, point)
    committed = point == "journal.after_commit"
    assert steps(instance) == before + committed
    request.first = request.send()
    assert request.first.status in (200, 201), request.first
    assert ("Idempotent-Replayed" in request.first.headers) == committed
    assert steps(instance) == before + 1
    request.must_be_replayed()
    code, _ = instance.stop()
    assert code == 0
    instance.start()
    request.must_be_replayed()
    assert steps(instance) == before + 1
    audit.await_sound(instance)


@pytest.mark.parametrize("point", [
    pytest.param("payment.before_gateway", marks=pytest.mark.long), "payment.after_gateway"])
def test_killed_in_a_payment_under_a_key(instance, point):
    instance.running()
    client = instance.client()
    order = client.new_order(instance.new_product())
    payment = payment_of(client, order)
    ask_while_it_dies(instance, payment, point)
    # Unknown, until the gateway has been asked; then how it ended, for ever.
    payment.first = until(payment.send, lambda answer: answer.status != 202)
    charged = point == "payment.after_gateway"
    assert payment.first.status == 200 and payment.first.json["success"] == charged, payment.first
    payment.must_be_replayed()
    code, _ = instance.stop()
    assert code == 0
    instance.start()
    payment.must_be_replayed()
    payment.must_be_refused({"cardNumber": "5555555555554444"})
    assert instance.ledger(order) == [("charge", "captured" if charged else "voided")]
    audit.await_sound(instance)
