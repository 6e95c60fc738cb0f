"""Many at once: the last pieces of a product, and the same products in all directions."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import audit
from client import order_of, until


def buy(client, product, user):
    """How it ended for this buyer, with the order if there was one."""
    placed = client.place(product, user=user)
    if placed.status != 201:
        assert (placed.status, placed.code) == (409, "out_of_stock"), placed
        return "told at once", None
    order = placed.json["id"]
    paid = client.pay(order, user=user)
    if paid.status == 409:
        assert paid.code == "order_cancelled", paid
    else:
        assert paid.status == 200, paid
    ended = client.await_order(order, lambda now: now["status"] in ("CONFIRMED", "CANCELLED")
                               and now["paymentStatus"] != "REFUND_PENDING", user=user)
    return ended["status"], ended


def test_fifty_buyers_of_ten_pieces(troupe, client):
    product = troupe.new_product(stock=10)
    with ThreadPoolExecutor(50) as crowd:
        ends = list(crowd.map(lambda i: buy(client, product, f"buyer-{i}"), range(50)))
    outcomes = Counter(outcome for outcome, _ in ends)
    assert outcomes["CONFIRMED"] == 10, outcomes
    for outcome, order in ends:
        if outcome == "CANCELLED":
            assert order["paymentStatus"] in ("PENDING", "REFUNDED")
    audit.await_sound(troupe)
    assert troupe.stock_of(product) == (0, 0, 10)
    # Quotes are from a catalogue in memory that is read again every second.
    late = until(lambda: client.place(product), lambda answer: answer.status != 201)
    assert (late.status, late.code) == (409, "out_of_stock")
    assert late.json["stock"] == [{"productId": product, "available": 0}]


def test_without_a_key_each_post_is_an_order(troupe, client):
    product = troupe.new_product()
    assert client.new_order(product) != client.new_order(product)


def test_orders_of_the_same_products_in_all_directions(troupe, client):
    """Lines in opposite order: locks must not meet head on, and nobody gets a part of an order."""
    a, b = troupe.new_product(stock=25), troupe.new_product(stock=25)
    def place(i):
        lines = [(a, 1), (b, 1)] if i % 2 else [(b, 1), (a, 1)]
        return client.post("/orders", order_of(*lines), user=f"pair-{i}")
    with ThreadPoolExecutor(20) as crowd:
        placed = [x for x in crowd.map(place, range(40)) if x.status == 201]
    audit.await_sound(troupe)
    created = [x for x in placed
               if client.order(x.json["id"], user=x.json["userId"])["status"] == "CREATED"]
    assert len(created) == 25
    assert troupe.stock_of(a) == troupe.stock_of(b) == (0, 25, 0)
